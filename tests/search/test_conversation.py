"""Several turns of one conversation: attachments that cannot be read, questions without a picture, photos."""

import base64
import io
import json
import re
from typing import Any

import numpy as np
import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.store.memory import InMemoryStore
from PIL import Image

from langchain_llava_o1 import (
    ChatLlavaO1,
    SearchResult,
    VisualReasoningTool,
    create_single_pass,
    create_stage_beam,
)
from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.blocks import bytes_of, image_block
from langchain_llava_o1.pictures.picture import digest_of
from langchain_llava_o1.search.kept_pictures import NAMESPACE
from langchain_llava_o1.staging import capabilities
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path
from tests.saved import saved_sizes
from tests.scripted_model import ScriptedModel
from tests.search.talking import CONTEXT, THREAD, say, scripted

PICTURE = image_block(demo_picture_path())
DAMAGED = image_block(demo_picture_path()) | {"base64": PICTURE["base64"][:400]}
PDF = {
    "type": "file",
    "base64": base64.b64encode(b"no pdf").decode(),
    "mime_type": "application/pdf",
    "filename": "report.pdf",
}
AUDIO = {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"}


def photo(width: int = 2000, height: int = 1500, seed: int = 0) -> bytes:
    """Draw a picture that does not compress well, as a camera's do not."""
    noise = np.random.default_rng(seed).integers(0, 256, (height // 4, width // 4, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).resize((width, height)).save(file, "JPEG", quality=92)
    return file.getvalue()


def sees(model: ScriptedModel, number: int = -1) -> list[bytes | None]:
    """Return the files of the pictures that the model was sent in a call."""
    blocks = [
        block
        for message in model.calls[number].messages
        for block in message.content
        if isinstance(block, dict)
    ]
    return [bytes_of(block) for block in blocks if block["type"].startswith("image")]


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        (DAMAGED, r"Attachment 1: The picture is truncated or damaged"),
        (DAMAGED | {"metadata": {"name": "cat.png"}}, r"cat\.png: The picture is truncated or damaged"),
        ({"type": "image"}, r"Attachment 1: the image block holds no picture"),
        (DAMAGED | {"extras": "none"}, r"Attachment 1: The picture is truncated"),
        ({"type": "text"}, r"Attachment 1: A block of type 'text' holds no text"),
        ({"type": "text", "text": None}, r"Attachment 1: A block of type 'text' holds no text"),
        ({"type": "text-plain", "url": "notes.txt"}, r"A block of type 'text-plain' holds no text"),
        ({"type": "text-plain", "base64": "/9j/"}, r"Attachment 1: The file is no text in UTF-8"),
        (AUDIO, r"Attachment 1: A block of type 'audio' cannot be read"),
        ({"type": "image", "url": "https://example.com/a.png"}, r"Pictures are not fetched from URLs"),
        ({"type": "image", "path": "/etc/passwd"}, r"Paths in messages are not read"),
    ],
)
def test_what_cannot_be_read_is_replied_to_and_the_conversation_goes_on(
    block: dict[str, Any], problem: str
) -> None:
    graph = create_single_pass(ChatLlavaO1()).compile(checkpointer=InMemorySaver())

    reply = say(graph, DEMO_QUESTION, block)
    assert reply.response_metadata["finish_reason"] == "unreadable_attachment"
    assert reply.response_metadata["num_calls"] == 0
    assert re.search(problem, reply.text)

    answer = say(graph, DEMO_QUESTION, PICTURE, temperature=0.0)
    assert answer.response_metadata["finish_reason"] == "stop"
    assert answer.text == "6"


def test_a_model_of_several_turns_goes_on_after_a_text_block_without_text() -> None:
    model = ChatLlavaO1(max_tokens=200, profile={"image_inputs": True, capabilities.PREFILL: True})  # type: ignore[typeddict-unknown-key]
    graph = create_single_pass(model).compile(checkpointer=InMemorySaver())
    note = {"type": "text-plain", "base64": base64.b64encode(b"Look closely.").decode()}

    for block in ({"type": "text", "text": 6}, {"type": "text-plain", "base64": "no base64"}):
        assert say(graph, "Why?", block).response_metadata["finish_reason"] == "unreadable_attachment"
    assert say(graph, DEMO_QUESTION, PICTURE, note).response_metadata["finish_reason"] in ("stop", "untagged")
    (*_, asked, _) = graph.get_state(THREAD).values["messages"]
    assert str(asked.text).startswith("Look closely.")


def test_a_hosted_model_reads_files_of_plain_text_itself() -> None:
    model = ScriptedModel()
    note = {"type": "text-plain", "base64": "TG9vaw=="}
    say(create_stage_beam(model).compile(checkpointer=InMemorySaver()), "How many?", PICTURE, note)
    assert note in model.calls[0].messages[0].content


def test_what_cannot_be_read_is_an_error_for_programs_and_ends_no_thread() -> None:
    graph = create_single_pass(ChatLlavaO1()).compile(checkpointer=InMemorySaver())
    with pytest.raises(ImageError, match="truncated or damaged"):
        say(graph, DEMO_QUESTION, DAMAGED, unanswerable="error")
    answer = say(graph, DEMO_QUESTION, PICTURE, temperature=0.0, unanswerable="error")
    assert answer.text == "6"


def test_a_damaged_picture_in_a_message_before_its_question_is_told() -> None:
    graph = create_stage_beam(ScriptedModel()).compile()
    reply = graph.invoke({"messages": [HumanMessage([DAMAGED]), HumanMessage("How many?")]})["messages"][-1]
    assert reply.response_metadata["finish_reason"] == "unreadable_attachment"


def test_a_hosted_model_gets_what_its_profile_does_not_rule_out() -> None:
    model = scripted({"audio_inputs": False})
    graph = create_stage_beam(model).compile()
    asked = {"messages": [HumanMessage([AUDIO, {"type": "text", "text": "?"}])]}
    reply = graph.invoke(asked, context=CONTEXT)["messages"][-1]
    assert reply.response_metadata["finish_reason"] == "unreadable_attachment"
    assert not model.calls

    able = scripted({"audio_inputs": True})
    create_stage_beam(able).compile().invoke(asked, context=CONTEXT)
    assert AUDIO in able.calls[0].messages[0].content


def test_a_question_without_a_picture_is_asked_for_one() -> None:
    model = ScriptedModel()
    graph = create_stage_beam(model).compile(checkpointer=InMemorySaver())

    reply = say(graph, "Hello, who are you?")
    assert reply.response_metadata["finish_reason"] == "no_image"
    assert "picture" in reply.text
    assert not model.calls
    with pytest.raises(ImageError, match="no picture in the conversation"):
        say(graph, "Who are you?", unanswerable="error")
    say(graph, "Who are you?", needs_picture=False)
    assert model.calls
    assert say(graph, "How many?", PICTURE).response_metadata["finish_reason"] == "stop"
    assert say(graph, "And red ones?").response_metadata["finish_reason"] == "stop"


def test_a_photo_is_shrunk_and_kept_once_and_the_model_sees_it_in_every_turn() -> None:
    data = photo()
    model = scripted({capabilities.MAX_IMAGE_PIXELS: 500_000})
    saver, store = InMemorySaver(), InMemoryStore()
    graph = create_stage_beam(model).compile(checkpointer=saver, store=store)
    photograph = image_block(data)
    streamed = 0
    for question, blocks in (("How many?", [photograph]), ("Red ones?", []), ("Again?", [photograph])):
        message = HumanMessage([*blocks, {"type": "text", "text": question}])
        for update in graph.stream({"messages": [message]}, THREAD, context=CONTEXT, stream_mode="updates"):
            streamed += len(repr(update))

    (kept,) = store.search(NAMESPACE)
    whole = base64.b64decode(kept.value["base64"])
    assert Image.open(io.BytesIO(whole)).size == (816, 612)
    assert kept.key == digest_of(whole)
    assert sees(model) == [whole, whole]
    assert sees(model, 0) == [whole]
    assert sum(size for _, size in saved_sizes(saver)) < 3 * len(whole)
    assert streamed < 2 * len(whole)

    state = graph.get_state(THREAD).values
    assert SearchResult.from_state(state).to_record()["pictures"] == [kept.key]
    asked, *_ = state["messages"]
    block = asked.content[0]
    assert block["extras"]["llava_o1_picture"]["sent_size"] == [2000, 1500]
    assert Image.open(io.BytesIO(bytes_of(block) or b"")).size == (256, 192)


async def test_a_photo_is_kept_without_blocking_the_event_loop() -> None:
    model = ScriptedModel()
    store = InMemoryStore()
    graph = create_stage_beam(model).compile(checkpointer=InMemorySaver(), store=store)
    data = photo(600, 400)
    url = {
        "type": "image_url",
        "image_url": {"url": f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"},
    }
    await graph.ainvoke(
        {"messages": [HumanMessage([url, {"type": "text", "text": "?"}])]}, THREAD, context=CONTEXT
    )
    state = await graph.ainvoke({"messages": [HumanMessage("And now?")]}, THREAD, context=CONTEXT)
    assert sees(model) == [data]
    assert [block["type"] for block in state["messages"][0].content] == ["image_url", "text"]
    assert len(json.dumps(state["messages"][0].content)) < len(data) / 2


def test_without_a_store_pictures_stay_in_the_messages_and_need_not_be_shrunk() -> None:
    data = photo()
    model = scripted({capabilities.MAX_IMAGE_PIXELS: 500_000})
    graph = create_stage_beam(model).compile(checkpointer=InMemorySaver())
    say(graph, "How many?", image_block(data), shrink_pictures=False)
    assert sees(model) == [data]
    say(graph, "How many?", image_block(data))
    (first, second) = sees(model)
    assert first == data
    assert second is not None
    assert len(second) < len(data) / 2


def test_a_tool_in_a_graph_with_the_store_sees_the_picture_itself() -> None:
    data = photo(600, 400)
    model, store = ScriptedModel(), InMemoryStore()
    search = create_stage_beam(ScriptedModel()).compile()
    tool = VisualReasoningTool(search=create_stage_beam(model))

    def ask_again(state: MessagesState) -> None:
        tool.invoke({"question": "And now?", "messages": state["messages"]})

    outer = StateGraph(MessagesState).add_node("search", search).add_node("ask", ask_again)
    outer.add_edge(START, "search").add_edge("search", "ask")
    question = HumanMessage([image_block(data), {"type": "text", "text": "How many?"}])
    state = outer.compile(store=store).invoke({"messages": [question]})
    assert len(bytes_of(state["messages"][0].content[0]) or b"") < len(data) / 2
    assert sees(model) == [data]


def test_a_picture_that_is_no_longer_kept_is_told_to_the_model() -> None:
    model = ScriptedModel()
    store = InMemoryStore()
    graph = create_stage_beam(model).compile(checkpointer=InMemorySaver(), store=store)
    say(graph, "How many?", image_block(photo(600, 400)))
    (kept,) = store.search(NAMESPACE)
    store.delete(NAMESPACE, kept.key)
    say(graph, "And now?")
    assert sees(model) == []
    assert "no longer kept" in str(model.calls[-1].messages[0].content)


def test_a_conversation_that_was_saved_before_goes_on() -> None:
    model = ScriptedModel()
    graph = create_stage_beam(model).compile(checkpointer=InMemorySaver(), store=InMemoryStore())
    data = photo(600, 400)
    old = HumanMessage([image_block(data), {"type": "text", "text": "How many?"}])
    graph.update_state(THREAD, {"messages": [old, AIMessage("5")]}, as_node="answer")
    say(graph, "And now?")
    assert sees(model) == [data]


SECOND = image_block(photo(64, 48, seed=1))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How many?", [SECOND]),
        ("How many are there in the first picture?", [PICTURE]),
        ("How many are there in image 2?", [SECOND]),
        ("Which of the two pictures has more?", [PICTURE, SECOND]),
        ("Do both images show a cat?", [PICTURE, SECOND]),
        ("And in the previous picture?", [PICTURE]),
        ("How many circles are in the ninth picture?", [SECOND]),
    ],
)
def test_a_model_of_single_turns_is_asked_the_last_question_with_its_pictures(
    question: str, expected: list[dict[str, Any]]
) -> None:
    model = scripted({capabilities.SINGLE_TURN: True})
    graph = create_stage_beam(model).compile(checkpointer=InMemorySaver())
    say(graph, "What is it?", PICTURE)
    say(graph, "And this?", SECOND)
    say(graph, question)
    (asked, *_) = model.calls[-1].messages
    assert asked.text == question
    assert sees(model) == [bytes_of(block) for block in expected]


def test_tiny_answers_a_later_question_as_it_does_alone() -> None:
    graph = create_single_pass(ChatLlavaO1()).compile(checkpointer=InMemorySaver())
    say(graph, DEMO_QUESTION, PICTURE, temperature=0.0)
    for question in ("How many squares are there?", "Is there a large red circle?"):
        alone = create_single_pass(ChatLlavaO1()).compile()
        message = HumanMessage([PICTURE, {"type": "text", "text": question}])
        expected = alone.invoke({"messages": [message]}, context={"temperature": 0.0})["messages"][-1].text
        assert say(graph, question, temperature=0.0).text == expected
