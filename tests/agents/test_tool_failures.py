"""What goes wrong reaches the agent in words that it can act on, and the log where it cannot."""

import base64
import logging
import re
import sys
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from PIL import Image

from langchain_llava_o1 import ChatLlavaO1, StageBeamContext, VisualReasoningTool, create_single_pass
from langchain_llava_o1.errors import ConfigurationError
from tests.agents.calls import RED, asked, called, tool_over
from tests.pictures.files import encode_heic, encode_pdf
from tests.scripted_model import Call, Reply, ScriptedModel


def file_block(data: bytes, mime_type: str) -> dict[str, Any]:
    return {"type": "image", "base64": base64.b64encode(data).decode(), "mime_type": mime_type}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "no image in the conversation"),
        ({"messages": [HumanMessage("Hello")]}, "no image in the conversation"),
        ({"messages": [asked(RED)], "image_index": 2}, "`image_index` is 2, and the last image .* is 1"),
        ({"image": "a.png", "image_index": 1}, "give one of them"),
        ({"image": "/etc/passwd"}, "Paths in messages are not read"),
        ({"image": "https://example.com/a.png"}, "not fetched from URLs"),
        ({"image": "data:image/png;base64,AAAA"}, "no picture in a known format"),
        ({"image": "aGVsbG8gd29ybGQ="}, "11 bytes, which begin with .* no picture in a known format"),
        ({"image": "iVBORw0KGgoAAAANSUhEUgAA..."}, "The picture's base64 cannot be read"),
        ({"question": ""}, "question is ''; it must be a text that is not empty"),
        ({"question": "  ", "messages": [asked(RED)]}, "`question` is empty"),
        ({"image_index": 0}, "image_index is 0; it must be a whole number .* Call the tool again"),
    ],
)
async def test_what_is_wrong_reaches_the_agent_as_a_message(arguments: dict[str, Any], message: str) -> None:
    tool = tool_over(ScriptedModel())
    given = {"question": "What is it?", **arguments}

    for told in (tool.invoke(called(**given)), await tool.ainvoke(called(**given))):
        assert told.status == "error"
        assert re.search(message, told.text), told.text
        assert "Traceback" not in told.text


@pytest.mark.parametrize(
    ("limits", "arguments", "message"),
    [
        ({}, {"image": "/etc/passwd"}, "Paths .* are not read .*Ask the user to send the picture itself"),
        ({}, {"image": "https://example.com/a.png"}, "not fetched .*Ask the user to send the picture itself"),
        (
            {"allowed_image_roots": ["/pictures"]},
            {"image": "/etc/passwd"},
            r"outside the allowed folders \(/pictures\). Name a picture from there, or ask the user",
        ),
        ({"max_image_pixels": 9}, {}, "8x8 = 64 pixels; at most 9 .*Ask the user for a smaller picture"),
        ({"max_image_bytes": 9}, {}, "at most 9 are allowed. Ask the user for a smaller picture"),
        ({}, {"image": "data:,abc"}, "not in base64. Ask the user to send the picture itself"),
    ],
)
def test_a_model_is_not_asked_to_change_the_program(
    limits: dict[str, Any], arguments: dict[str, Any], message: str
) -> None:
    tool = VisualReasoningTool(search=create_single_pass(ChatLlavaO1(**limits)))
    told = tool.invoke(called(question="What is it?", messages=[asked(RED)], **arguments))

    assert told.status == "error"
    assert re.search(message, told.text), told.text
    assert not re.search("allowed_image_roots|allow_image_urls|LLAVA_O1|max_image|b64encode", told.text)


@pytest.mark.parametrize(
    ("block", "missing", "message"),
    [
        (
            file_block(encode_heic(Image.new("RGB", (16, 16))), "image/heic"),
            "pillow_heif",
            "HEIC, which needs a decoder that is missing. Ask the user to send it as JPEG",
        ),
        (
            file_block(encode_pdf("navy"), "application/pdf"),
            "pypdfium2",
            "library that is missing. Ask the user to send pictures of the pages",
        ),
        (
            file_block(encode_pdf(*["red"] * 21), "application/pdf"),
            None,
            "21 pages of a PDF .* at most 20 are allowed. Ask the user for some of the pages",
        ),
        (
            {"type": "image", "mime_type": "application/pdf", "file_id": "7"},
            None,
            "under an id cannot be read here. Ask the user to send the picture itself",
        ),
    ],
    ids=["HEIC", "PDF", "long PDF", "id"],
)
def test_a_model_is_not_asked_to_install_anything_or_to_change_limits(
    block: dict[str, Any], missing: str | None, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing:
        monkeypatch.setitem(sys.modules, missing, None)
    told = VisualReasoningTool(search=create_single_pass(ChatLlavaO1())).invoke(
        called(question="What is it?", messages=[asked(block)])
    )

    assert told.status == "error"
    assert re.search(message, told.text), told.text
    assert not re.search("pip install|max_pdf_pages|--|base64", told.text)


def test_what_only_the_programmer_can_mend_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    tool = VisualReasoningTool(
        search=create_single_pass(ScriptedModel()), context=StageBeamContext(candidates=2)
    )
    told = tool.invoke(called(question="What is it?", messages=[asked(RED)]))

    assert told.text == "The search is set up wrongly. Tell the user that the log says what is wrong."
    assert "does not have the setting candidates" in caplog.text


def test_what_is_missing_is_told_without_the_conversation() -> None:
    node = ToolNode([tool_over(ScriptedModel())])
    graph: Any = StateGraph(MessagesState).add_node("tools", node).add_edge(START, "tools").compile()
    call = {**called(), "args": {"image": "x" * 10_000, "image_index": "no number" * 1000}}
    told = graph.invoke({"messages": [asked(RED), AIMessage("", tool_calls=[call])]})["messages"][-1]
    assert told.status == "error"
    assert "question is missing" in told.text
    assert "image_index is 'no number" in told.text
    assert len(told.text) < 400


async def test_a_failing_model_is_told_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def fail(call: Call) -> Reply:
        raise ConnectionError("the server is gone")

    tool = tool_over(ScriptedModel(write=fail))
    with caplog.at_level(logging.ERROR, logger="langchain_llava_o1.agents"):
        told = await tool.ainvoke(called(question="?", messages=[asked(RED)]))

    assert told.status == "error"
    assert told.text.startswith(
        "The picture could not be answered about (ConnectionError: the server is gone)"
    )
    assert caplog.records[0].exc_info


def test_a_search_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="search is a ScriptedModel"):
        VisualReasoningTool(search=ScriptedModel())
