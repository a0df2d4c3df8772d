"""A model that reads no passages is shown pictures alone, and passages are quoted."""

from pathlib import Path
from typing import Any, cast

import pytest
from langchain_core.language_models import ModelProfile
from langchain_core.messages import HumanMessage

from langchain_llava_o1 import Collection, image_block
from langchain_llava_o1.staging import capabilities
from tests.rag.album import draw, pictures_of
from tests.rag.multimodal_rag.asking import ONE, cited, rag
from tests.scripted_model import ScriptedModel


class ModelOfPictures(ScriptedModel):
    """A model that says that it reads no passages, as ``ChatLlavaO1(model="tiny")`` does."""

    def _resolve_model_profile(self) -> ModelProfile:
        profile: dict[str, Any] = {capabilities.PREFILL: True, capabilities.PICTURES_ONLY: True}
        return cast("ModelProfile", profile)


@pytest.fixture
def reads_pictures(model: ScriptedModel) -> ModelOfPictures:
    return ModelOfPictures(write=model.write)


def test_a_passage_is_quoted_where_the_model_cannot_read_it(
    collection: Collection, reads_pictures: ModelOfPictures
) -> None:
    state = rag(collection, reads_pictures).invoke({"question": "What means go?"}, context=ONE)
    answer = state["messages"][-1]
    assert answer.text == (
        "The model reads no passages of text, only questions about pictures. What was found says:\n\n"
        "A green picture means go.\n[1] album/notes.md, line 1"
    )
    assert answer.response_metadata["finish_reason"] == "quoted"
    assert reads_pictures.calls == []
    assert cited(state) == ["album/notes.md"]


def test_a_picture_that_is_the_best_source_is_answered_about_without_the_passages(
    collection: Collection, reads_pictures: ModelOfPictures
) -> None:
    state = rag(collection, reads_pictures, k=3).invoke({"question": "A green picture?"}, context=ONE)
    content = reads_pictures.calls[0].messages[0].content
    texts = [block["text"] for block in content if block["type"] == "text"]
    assert texts[0] == "Picture 1 (album/green.png):"
    assert texts[1].startswith("Picture 2 (")
    assert "A green picture means go." not in texts
    (passage,) = [source for source in state["sources"] if source["kind"] == "text"]
    assert (passage["number"], passage["is_cited"]) == (None, False)
    assert "reads no passages" in str(passage["problem"])


def test_a_question_with_a_picture_is_answered_about_it_without_the_passage(
    collection: Collection, reads_pictures: ModelOfPictures, tmp_path: Path
) -> None:
    block = image_block(draw(tmp_path / "query.png", "white", size=40))
    asked = HumanMessage([block, {"type": "text", "text": "What means go?"}])
    given = {"messages": [asked], "retrieve_by": "text"}
    state = rag(collection, reads_pictures, k=1).invoke(given, context=ONE)
    assert pictures_of(reads_pictures.calls[0]) == ["white"]
    assert cited(state) == []
