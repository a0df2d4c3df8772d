import base64
import io
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from PIL import Image

from langchain_llava_o1.chat.messages import continued_text, has_pictures, image_blocks, read_conversation
from langchain_llava_o1.errors import ImageError, MessageError
from langchain_llava_o1.pictures.policy import ImagePolicy
from tests.pictures.files import encode_pdf

POLICY = ImagePolicy()


def encode(colour: str) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (2, 2), colour).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


RED = encode("red")
BLUE = encode("blue")
PDF = base64.b64encode(encode_pdf("red", "blue")).decode()
PDF_URL = f"data:application/pdf;base64,{PDF}"


def describe(messages: list[BaseMessage], policy: ImagePolicy = POLICY) -> list[tuple[str, list[Any]]]:
    """Turns, with a picture written as its colour."""
    return [
        (turn.role, [part if isinstance(part, str) else part.image.getpixel((0, 0)) for part in turn.parts])
        for turn in read_conversation(messages, policy).turns
    ]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "base64": RED, "mime_type": "image/png"},
        {"type": "image", "base64": RED},
        {"type": "image", "url": f"data:image/png;base64,{RED}"},
        {"type": "image", "source_type": "base64", "data": RED, "mime_type": "image/png"},
        {"type": "image", "source_type": "url", "url": f"data:image/png;base64,{RED}"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{RED}", "detail": "high"}},
        {"type": "image_url", "image_url": f"data:image/png;base64,{RED}"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": RED}},
        {"type": "image", "source": {"type": "url", "url": f"data:image/png;base64,{RED}"}},
        {"image": {"format": "png", "source": {"bytes": base64.b64decode(RED)}}},
    ],
)
def test_every_image_block_is_read(block: dict[str, Any]) -> None:
    assert describe([HumanMessage([block, {"type": "text", "text": "What?"}])]) == [
        ("user", [(255, 0, 0), "What?"])
    ]


def test_roles_and_plain_texts() -> None:
    messages = [
        SystemMessage("Be brief."),
        HumanMessage("Hi", name="ann"),
        HumanMessage("there"),
        AIMessage("Hello"),
        ChatMessage(content="And?", role="user"),
    ]
    assert describe(messages) == [
        ("system", ["Be brief."]),
        ("user", ["Hi"]),
        ("user", ["there"]),
        ("assistant", ["Hello"]),
        ("user", ["And?"]),
    ]


def test_pictures_in_several_turns() -> None:
    messages = [
        HumanMessage([{"type": "image", "base64": RED}, {"type": "text", "text": "This?"}]),
        AIMessage("Red."),
        HumanMessage(["And", {"type": "image", "base64": BLUE}, "then", {"type": "image", "base64": RED}]),
    ]
    assert describe(messages) == [
        ("user", [(255, 0, 0), "This?"]),
        ("assistant", ["Red."]),
        ("user", ["And", (0, 0, 255), "then", (255, 0, 0)]),
    ]


def test_pictures_after_all_text_come_first() -> None:
    message = HumanMessage(
        ["Which", "one?", {"type": "image", "base64": RED}, {"type": "image", "base64": BLUE}]
    )
    assert describe([message]) == [("user", [(255, 0, 0), (0, 0, 255), "Which\none?"])]


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ({"type": "image", "base64": ""}, "empty"),
        ({"type": "image"}, "holds no picture"),
        ({"type": "image_url", "image_url": None}, "holds no picture"),
        ({"type": "image_url", "image_url": ""}, "empty"),
        ({"type": "image", "file_id": "file-1"}, "under an id"),
        ({"type": "image", "source": {"type": "file", "file_id": "file-1"}}, "under an id"),
        ({"type": "image", "source_type": "id", "id": "1"}, "under an id"),
        ({"type": "image", "url": "https://example.com/a.png"}, "allow_image_urls"),
        ({"type": "image", "url": "/tmp/a.png"}, "allowed_image_roots"),
        ({"type": "image", "path": "/tmp/a.png"}, "allowed_image_roots"),
        ({"type": "image", "base64": base64.b64encode(b"no picture").decode()}, "known format"),
    ],
)
def test_a_bad_picture_names_its_message_and_block(block: dict[str, Any], reason: str) -> None:
    messages = [SystemMessage("x"), HumanMessage(["What?", block])]
    with pytest.raises(ImageError, match=rf"messages\[1\]\.content\[1\].*{reason}"):
        read_conversation(messages, POLICY)


@pytest.mark.parametrize(
    "block",
    [
        {"type": "file", "base64": PDF, "mime_type": "application/pdf"},
        {"type": "file", "url": PDF_URL},
        {"type": "file", "source_type": "base64", "data": PDF, "mime_type": "application/pdf"},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF_URL}},
        {"type": "input_file", "filename": "a.pdf", "file_data": PDF_URL},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}},
        {"document": {"format": "pdf", "name": "a", "source": {"bytes": base64.b64decode(PDF)}}},
        {"type": "image_url", "image_url": {"url": PDF_URL}},
    ],
)
def test_each_page_of_a_pdf_is_a_picture(block: dict[str, Any]) -> None:
    message = HumanMessage([{"type": "text", "text": "Which page is red?"}, block])
    ((_, (first, second, question)),) = describe([message])
    assert first == pytest.approx((255, 0, 0), abs=3)
    assert second == pytest.approx((0, 0, 255), abs=3)
    assert question == "Which page is red?"


def test_a_pdf_that_cannot_be_read_names_its_message_and_block() -> None:
    block = {"type": "file", "base64": PDF, "mime_type": "application/pdf"}
    with pytest.raises(ImageError, match=r"messages\[0\]\.content\[0\]: 2 pages .* at most 1 are allowed"):
        read_conversation([HumanMessage([block])], ImagePolicy(max_pdf_pages=1))


def test_a_document_in_plain_text_is_read_as_text() -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "Of the shapes, one is red."}
    message = HumanMessage([{"type": "document", "source": source}, "Which?"])
    assert describe([message]) == [("user", ["Of the shapes, one is red.\nWhich?"])]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (ToolMessage("4", tool_call_id="1"), r"messages\[1\] is a ToolMessage"),
        (FunctionMessage(content="4", name="f"), r"messages\[1\] is a FunctionMessage"),
        (AIMessage("", tool_calls=[{"name": "f", "args": {}, "id": "1"}]), r"messages\[1\] holds tool calls"),
        (ChatMessage(content="x", role="narrator"), r"messages\[1\] has the role 'narrator'"),
        (HumanMessage([{"type": "audio", "base64": "aaaa"}]), r"messages\[1\]\.content\[0\].*'audio'"),
        (HumanMessage([{"type": "file", "base64": "aaaa"}]), r"messages\[1\]\.content\[0\].*'file'"),
        (
            HumanMessage([{"type": "file", "base64": "aaaa", "mime_type": "text/csv"}]),
            r"'file' with text/csv; this model reads text, images and PDF files",
        ),
        (HumanMessage([{"type": "text"}]), r"messages\[1\]\.content\[0\]"),
    ],
)
def test_other_messages_are_refused(message: BaseMessage, reason: str) -> None:
    with pytest.raises(MessageError, match=reason):
        read_conversation([HumanMessage("Hi"), message], POLICY)


def test_an_empty_conversation_is_refused() -> None:
    for messages in ([], [AIMessage("")]):
        with pytest.raises(MessageError, match="empty"):
            read_conversation(messages, POLICY)


def test_a_last_answer_is_continued_as_it_is() -> None:
    text = "<SUMMARY>plan</SUMMARY>\n\n"
    conversation = read_conversation([HumanMessage("Hi"), AIMessage(text)], POLICY)
    assert conversation.prefix == text
    assert conversation.turns[-1].parts == (text,)


def test_an_empty_last_answer_asks_for_a_new_one() -> None:
    conversation = read_conversation([HumanMessage("Hi"), AIMessage("")], POLICY)
    assert [turn.role for turn in conversation.turns] == ["user"]
    assert conversation.prefix == ""


def test_an_answer_of_this_model_is_continued_with_its_stages() -> None:
    reasoning = "<SUMMARY>plan</SUMMARY>\n\n<CAPTION>two</CAPTION>"
    expected = f"{reasoning}\n\n<CONCLUSION>There are"
    kept = AIMessage("There are", additional_kwargs={"reasoning_content": reasoning})
    blocks = AIMessage(
        [
            {"type": "reasoning", "reasoning": "plan", "index": 0, "extras": {"stage": "summary"}},
            {"type": "reasoning", "reasoning": "two", "index": 1, "extras": {"stage": "caption"}},
            {"type": "text", "text": "There are", "index": 2},
        ]
    )
    assert continued_text(kept) == continued_text(blocks) == expected


def test_an_answer_without_conclusion_is_continued_once() -> None:
    text = "<SUMMARY>plan</SUMMARY>\n\n<CAPTION>tw"
    message = AIMessage(text, additional_kwargs={"reasoning_content": text})
    assert continued_text(message) == text


def test_another_models_reasoning_is_left_out() -> None:
    message = AIMessage("Two.", additional_kwargs={"reasoning_content": "Let me think."})
    assert continued_text(message) == "Two."


def test_earlier_answers_are_their_conclusions() -> None:
    answer = AIMessage(
        [{"type": "reasoning", "reasoning": "plan"}, {"type": "text", "text": "Two."}],
        additional_kwargs={"reasoning_content": "<SUMMARY>plan</SUMMARY>"},
    )
    messages = [HumanMessage("How many?"), answer, HumanMessage("Sure?")]
    assert describe(messages)[1] == ("assistant", ["Two."])


def test_a_users_tags_are_no_prefix() -> None:
    assert read_conversation([HumanMessage("What is <CAPTION>?")], POLICY).prefix == ""


def test_chunks_are_messages() -> None:
    assert describe([AIMessageChunk(content="a"), HumanMessage("b")]) == [
        ("assistant", ["a"]),
        ("user", ["b"]),
    ]


def test_paths_are_read_where_allowed(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(base64.b64decode(RED))
    message = HumanMessage([{"type": "image", "url": str(tmp_path / "a.png")}])
    assert describe([message], ImagePolicy(allowed_roots=(tmp_path,))) == [("user", [(255, 0, 0)])]


def test_messages_are_left_unchanged() -> None:
    message = HumanMessage(["a", {"type": "image_url", "image_url": f"data:image/png;base64,{RED}"}])
    before = message.model_copy(deep=True)
    read_conversation([message], POLICY)
    assert message == before


def test_only_pictures_need_work() -> None:
    assert not has_pictures([HumanMessage("a"), HumanMessage(["b", {"type": "text", "text": "c"}])])
    assert has_pictures([HumanMessage("a"), HumanMessage([{"type": "image", "base64": RED}])])


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "base64": "--__", "mime_type": "image/webp"},
        {"type": "image", "base64": "++\n//", "mime_type": "image/webp"},
        {"type": "image_url", "image_url": "data:image/webp;base64,%2B%2B//"},
        {"type": "image", "base64": "++//", "mime_type": "image/webp"},
        {"type": "image", "source_type": "base64", "data": "++//", "mime_type": "image/webp"},
        {"type": "image", "base64": b"\xfb\xef\xff", "mime_type": "image/webp"},
        {"type": "image_url", "image_url": {"url": "data:image/webp;base64,++//"}},
        {"type": "image_url", "image_url": "data:image/webp;base64,++//"},
        {"type": "image", "url": "data:image/webp;base64,++//"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/webp", "data": "++//"}},
    ],
)
def test_pictures_are_listed_in_one_form(block: dict[str, Any]) -> None:
    listed = image_blocks([HumanMessage([{"type": "text", "text": "?"}, block])])
    assert listed == [{"type": "image", "base64": "++//", "mime_type": "image/webp"}]


def test_pictures_that_are_elsewhere_or_missing_are_listed_too() -> None:
    blocks: list[str | dict[Any, Any]] = [
        {"type": "image", "url": "https://example.com/a.png"},
        {"type": "image", "path": "a.png"},
        {"type": "image", "file_id": "7"},
        {"type": "image", "base64": "?"},
        {"type": "reasoning", "reasoning": "…"},
    ]
    assert image_blocks([HumanMessage("?"), AIMessage(blocks)]) == [
        {"type": "image", "url": "https://example.com/a.png"},
        {"type": "image", "url": "a.png"},
        {"type": "image", "file_id": "7"},
        {"type": "image", "base64": "?"},
    ]
