from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatResult

from langchain_llava_o1 import image_block
from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.rag.captions import caption_pictures
from langchain_llava_o1.staging.prompts import DESCRIPTION_REQUEST
from langchain_llava_o1.staging.stages import STAGES
from tests.rag.album import describe, describing_model, draw
from tests.scripted_model import Call, Reply


@pytest.fixture
def blocks(tmp_path: Path) -> list[dict[str, Any]]:
    return [image_block(draw(tmp_path / f"{colour}.png", colour)) for colour in ("red", "blue")]


def test_a_model_that_writes_stages_is_stopped_after_its_caption(blocks: list[dict[str, Any]]) -> None:
    model = describing_model()
    assert caption_pictures(model, blocks) == ["A red picture.", "A blue picture."]
    for call in model.calls:
        assert call.parameters["stop"] == list(STAGES[1].stop)
        assert [block["type"] for block in call.messages[0].content] == ["image", "text"]
        assert call.messages[0].text == DESCRIPTION_REQUEST


class FollowingModel(FakeMessagesListChatModel):
    """Has no profile, so that it is asked by an instruction; keeps what it is asked."""

    asked: list[str] = []  # noqa: RUF012 - a field of pydantic, copied for every model

    def _generate(self, messages: list[BaseMessage], *further: Any, **options: Any) -> ChatResult:
        self.asked.append(str(messages[-1].text))
        assert options["stop"] is None
        return super()._generate(messages, *further, **options)


@pytest.mark.parametrize("reply", ["<CAPTION>Two dogs.</CAPTION>", "Two dogs."])
def test_another_model_is_asked_for_the_caption_alone(blocks: list[dict[str, Any]], reply: str) -> None:
    model = FollowingModel(responses=[AIMessage(reply)])
    assert caption_pictures(model, blocks[:1], request="What is it?") == ["Two dogs."]
    assert model.asked[0].startswith("What is it?\n\n")
    assert "<CAPTION>…</CAPTION>" in model.asked[0]


def test_a_model_that_reaches_no_caption_is_taken_by_what_it_wrote(blocks: list[dict[str, Any]]) -> None:
    model = describing_model(lambda call: "<SUMMARY>Two dogs in snow")
    assert caption_pictures(model, blocks[:1]) == ["Two dogs in snow"]
    assert caption_pictures(describing_model(lambda call: ""), blocks[:1]) == [""]


def test_what_fails_for_one_picture_leaves_the_others_their_captions(blocks: list[dict[str, Any]]) -> None:
    def fail_for_red(call: Call) -> Reply:
        reply = describe(call)
        if "red" in str(getattr(reply, "text", reply)):
            raise ImageError("too red")
        return reply

    failed, written = caption_pictures(describing_model(fail_for_red), blocks)
    assert isinstance(failed, ImageError)
    assert written == "A blue picture."
