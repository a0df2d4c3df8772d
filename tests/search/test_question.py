"""The question as a graph's form takes it: `question` and `image` beside `messages`."""

import base64
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.graph.state import CompiledStateGraph
from pydantic import BaseModel

from langchain_llava_o1 import ChatLlavaO1, create_single_pass, create_stage_beam, image_block
from langchain_llava_o1.errors import ImageError, MessageError
from langchain_llava_o1.tiny import demo_picture_path
from tests.scripted_model import ScriptedModel

PICTURE = demo_picture_path().read_bytes()
BASE64 = base64.b64encode(PICTURE).decode()
CONTEXT = {"seed": 1, "candidates": 1}
STRICT = {"unanswerable": "error"}


def search(**options: Any) -> CompiledStateGraph[Any, Any, Any, Any]:
    return create_stage_beam(ScriptedModel()).compile(**options)


@pytest.mark.parametrize("image", [BASE64, f"data:image/png;base64,{BASE64}", f" {BASE64}\n"])
def test_a_picture_in_base64(image: str) -> None:
    question = search().invoke({"question": "How many?", "image": image}, context=CONTEXT)["messages"][0]

    assert question.text == "How many?"
    assert question.content_blocks[0]["base64"] == BASE64
    assert question.content_blocks[0]["mime_type"] == "image/png"


def test_a_path_below_an_allowed_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "pictures"
    inside.mkdir()
    (inside / "a.png").write_bytes(PICTURE)
    (tmp_path / "b.png").write_bytes(PICTURE)
    with pytest.raises(ImageError, match=r"image: Paths .* LLAVA_O1_IMAGE_ROOTS"):
        search().invoke({"question": "?", "image": str(inside / "a.png")}, context=STRICT)

    monkeypatch.setenv("LLAVA_O1_IMAGE_ROOTS", str(inside))
    answered = search().invoke({"question": "?", "image": str(inside / "a.png")}, context=CONTEXT)
    assert answered["messages"][0].content_blocks[0]["base64"] == BASE64
    with pytest.raises(ImageError, match="outside the allowed folders"):
        search().invoke({"question": "?", "image": str(tmp_path / "b.png")}, context=STRICT)


def test_the_models_own_allow_list_counts(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PICTURE)
    model = ChatLlavaO1(allowed_image_roots=[tmp_path])
    graph = create_single_pass(model.with_config(tags=["bound"])).compile()  # type: ignore[arg-type]

    answered = graph.invoke({"question": "How many objects?", "image": str(tmp_path / "a.png")})
    assert answered["messages"][0].content_blocks[0]["base64"] == BASE64


def test_urls_are_not_fetched_by_default_and_those_in_messages_are_left_to_a_hosted_model() -> None:
    url = "https://example.com/a.png"
    with pytest.raises(ImageError, match="image: Pictures are not fetched"):
        search().invoke({"question": "?", "image": url}, context=STRICT)

    model = ScriptedModel()
    block = {"type": "image", "url": url}
    asked = {"messages": [HumanMessage([block, {"type": "text", "text": "?"}])]}
    create_stage_beam(model).compile().invoke(asked, context=CONTEXT)
    assert block in model.calls[0].messages[0].content


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"image": BASE64}, "no `question`"),
        ({"image": BASE64, "question": "  "}, "no `question`"),
        ({"question": ""}, "last message is missing"),
        ({"messages": [HumanMessage("?"), AIMessage("5")]}, "or give `question`"),
        ({"question": 5}, "`question` is 5, of type int; it must be text"),
        ({"question": "?", "image": ["a"]}, "`image` is .*, of type list; it must be text"),
    ],
)
def test_what_is_missing_is_told(given: dict[str, Any], message: str) -> None:
    with pytest.raises(MessageError, match=message):
        search().invoke(given)


def test_a_thread_forgets_the_form_and_keeps_the_conversation() -> None:
    graph = search(checkpointer=InMemorySaver())
    thread: Any = {"configurable": {"thread_id": "1"}}
    graph.invoke({"question": "How many?", "image": BASE64}, thread, context=CONTEXT)
    second = graph.invoke({"messages": [HumanMessage("And red ones?")]}, thread, context=CONTEXT)
    third = graph.invoke({"question": "And blue ones?"}, thread, context=CONTEXT)

    assert [message.text for message in second["messages"]][2] == "And red ones?"
    assert [message.type for message in third["messages"]] == ["human", "ai"] * 3
    assert [len(message.content_blocks) for message in third["messages"][::2]] == [2, 1, 1]
    assert not {"image", "question"} & graph.get_state(thread).values.keys()


def test_a_search_in_another_graph_takes_the_settings_that_it_knows() -> None:
    class Surroundings(BaseModel):
        user: str
        candidates: int

    inner = search()
    stages: dict[str, Any] = {}

    def ask_inside(state: MessagesState) -> None:
        stages.update(inner.invoke(dict(state))["stages"])

    outer = StateGraph(MessagesState, context_schema=Surroundings).add_node("ask", ask_inside)
    graph = outer.add_edge(START, "ask").compile()
    question = HumanMessage([image_block(PICTURE), {"type": "text", "text": "?"}])
    graph.invoke({"messages": [question]}, context=Surroundings(user="Ada", candidates=3))

    assert [len(record["candidates"]) for record in stages.values()] == [3, 3, 3, 3]
