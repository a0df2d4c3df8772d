"""Which pictures are read, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from langgraph.graph import START, MessagesState, StateGraph

from langchain_llava_o1 import Collection, create_multimodal_rag, create_single_pass, create_stage_beam
from langchain_llava_o1.errors import ConfigurationError, ImageError, MessageError
from langchain_llava_o1.pictures.policy import ImagePolicy
from tests.rag.album import draw, pictures_of
from tests.rag.multimodal_rag.asking import ONE, rag
from tests.scripted_model import ScriptedModel


class PolicedModel(ScriptedModel):
    """A model that says which pictures messages may name, as ``ChatLlavaO1`` does."""

    image_policy: ImagePolicy


def create_foreign_search(model: ScriptedModel) -> StateGraph[Any, Any, Any, Any]:
    """Build a search that tells nothing of pictures."""
    graph: StateGraph[Any, Any, Any, Any] = StateGraph(MessagesState)
    graph.add_node("answer", create_single_pass(model).compile())
    graph.add_edge(START, "answer")
    return graph


@pytest.mark.parametrize("is_compiled", [False, True])
@pytest.mark.parametrize(
    ("create_search", "has_own_policy", "allowing", "is_read"),
    [
        (create_stage_beam, True, "model", True),
        (create_stage_beam, True, "environment", False),
        (create_single_pass, True, "model", True),
        (create_stage_beam, False, "nobody", False),
        (create_stage_beam, False, "environment", True),
        (create_foreign_search, True, "model", False),
        (create_foreign_search, True, "environment", True),
    ],
)
def test_the_questions_picture_is_read_from_where_the_search_may_read_it(
    create_search: Callable[[ScriptedModel], StateGraph[Any, Any, Any, Any]],
    has_own_policy: bool,
    allowing: str,
    is_read: bool,
    is_compiled: bool,
    tmp_path: Path,
    collection: Collection,
    model: ScriptedModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picture = draw(tmp_path / "asked" / "white.png", "white")
    if allowing == "environment":
        monkeypatch.setenv("LLAVA_O1_IMAGE_ROOTS", str(picture.parent))
    if has_own_policy:
        roots = (picture.parent,) if allowing == "model" else ()
        model = PolicedModel(write=model.write, image_policy=ImagePolicy(allowed_roots=roots))
    search = create_search(model)
    is_ours = create_search is create_stage_beam
    graph = create_multimodal_rag(
        collection.as_retriever(1), search.compile() if is_compiled else search
    ).compile()
    asked = {"question": "This?", "image": str(picture)}
    if is_read:
        graph.invoke(asked, context={"seed": 1})
        assert pictures_of(model.calls[0])[-1] == "white"
    else:
        with pytest.raises(ImageError, match="Paths in messages are not read"):
            graph.invoke(asked, context={"seed": 1, "unanswerable": "error"} if is_ours else {"seed": 1})


def test_sources_may_be_kept_to_other_places(
    collection: Collection, model: ScriptedModel, tmp_path: Path
) -> None:
    elsewhere = ImagePolicy(allowed_roots=(tmp_path / "elsewhere",))
    graph = rag(collection, model, k=1, image_policy=elsewhere)
    state = graph.invoke({"question": "A red picture?"}, context=ONE)
    assert "outside the allowed folders" in state["sources"][0]["problem"]


def test_what_cannot_work_is_refused(collection: Collection, model: ScriptedModel) -> None:
    search = create_stage_beam(model)
    with pytest.raises(ConfigurationError, match="must be a LangChain retriever, got Collection"):
        create_multimodal_rag(cast("Any", collection), search)
    with pytest.raises(ConfigurationError, match=r"must be a graph such as .*, got ScriptedModel"):
        create_multimodal_rag(collection.as_retriever(), cast("Any", model))
    with pytest.raises(MessageError, match="The last message is missing"):
        rag(collection, model).invoke({"messages": []}, context=ONE)
