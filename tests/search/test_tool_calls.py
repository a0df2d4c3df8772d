"""Conversations that other agents hand on: with their tool calls, and what the tools returned."""

from typing import Any

import pytest
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Command

from langchain_llava_o1 import ChatLlavaO1, SearchResult, create_single_pass, create_stage_beam
from langchain_llava_o1.errors import MessageError
from langchain_llava_o1.pictures.blocks import image_block
from langchain_llava_o1.staging import capabilities
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path
from tests.scripted_model import ScriptedModel

PICTURE = image_block(demo_picture_path())
QUESTION = HumanMessage([PICTURE, {"type": "text", "text": DEMO_QUESTION}])
THREAD: Any = {"configurable": {"thread_id": "1"}}


def call(name: str, text: str = "", **options: Any) -> AIMessage:
    tool_call = {"name": name, "args": {}, "id": name, "type": "tool_call"}
    return AIMessage(text, tool_calls=[tool_call], **options)


def returned(name: str, content: Any = "Done.") -> ToolMessage:
    return ToolMessage(content, tool_call_id=name)


HANDOFF: list[AnyMessage] = [call("transfer_to_search", "The expert knows."), returned("transfer_to_search")]


def sent(*messages: BaseMessage, **profile: Any) -> list[BaseMessage]:
    """Return what the model of a search is sent first."""
    model = ScriptedModel(profile={capabilities.PREFILL: True, **profile})  # type: ignore[typeddict-unknown-key]
    create_stage_beam(model).compile().invoke({"messages": list(messages)}, context={"seed": 1})
    return list(model.calls[0].messages)


def told(messages: list[BaseMessage]) -> list[tuple[str, str]]:
    return [(message.type, str(message.text)) for message in messages]


def test_a_conversation_that_was_handed_on_asks_the_last_human_question() -> None:
    assert told(sent(QUESTION, *HANDOFF)) == [("human", DEMO_QUESTION)]
    assert told(sent(QUESTION, *HANDOFF, single_turn=True)) == [("human", DEMO_QUESTION)]


def test_calls_and_results_before_the_question_are_left_out_and_what_was_said_stays() -> None:
    asked = HumanMessage("And the red ones?")
    invalid = {"name": "a", "args": "{", "id": "1", "error": "", "type": "invalid_tool_call"}
    before: list[BaseMessage] = [
        QUESTION,
        call("look_up"),
        returned("look_up", [{"type": "search_result", "content": "7"}]),
        call("transfer_to_search", "The expert knows."),
        returned("transfer_to_search"),
        AIMessage("6"),
        AIMessage([{"type": "text", "text": "Yes."}, {"type": "server_tool_use", "id": "2"}]),
        AIMessage("", invalid_tool_calls=[invalid]),  # type: ignore[list-item]
    ]
    assert told(sent(*before, asked)) == [
        ("human", DEMO_QUESTION),
        ("ai", "The expert knows."),
        ("ai", "6"),
        ("ai", "Yes."),
        ("human", "And the red ones?"),
    ]


@pytest.mark.parametrize("is_single_turn", [True, False])
def test_a_picture_that_a_tool_returned_is_asked_about(is_single_turn: bool) -> None:
    history = [HumanMessage("What is on the page?"), call("look"), returned("look", [PICTURE]), *HANDOFF]
    messages = sent(*history, single_turn=is_single_turn)
    pictures = [block for message in messages for block in message.content if block == PICTURE]
    assert pictures == [PICTURE]
    assert str(messages[-1].text) == "What is on the page?"


def test_what_a_tool_returned_that_is_no_picture_stays_as_it_is() -> None:
    found = [{"type": "search_result", "content": "7"}, {"type": "image", "base64": "?"}]
    graph = create_single_pass(ChatLlavaO1()).compile()
    state = graph.invoke(
        {"messages": [QUESTION, call("look_up"), returned("look_up", found)]}, context={"temperature": 0.0}
    )
    kept = state["messages"][2].content
    assert kept[0] == {"type": "search_result", "content": "7"}
    assert "could not be read" in kept[1]["text"]
    assert state["messages"][-1].text == "6"


@pytest.mark.parametrize("profile", [{}, {"image_inputs": True, capabilities.PREFILL: True}])
def test_a_search_as_the_target_of_handoffs_answers_in_every_turn(profile: dict[str, Any]) -> None:
    model = ChatLlavaO1(max_tokens=400, **({"profile": profile} if profile else {}))
    search = create_single_pass(model).compile()

    def hand_on(state: MessagesState) -> Command[Any]:
        return Command(goto="search", update={"messages": HANDOFF})

    graph = StateGraph(MessagesState).add_node("agent", hand_on, destinations=("search",))
    graph.add_node("search", search).add_edge(START, "agent")
    swarm = graph.compile(checkpointer=InMemorySaver())
    for message in (QUESTION, HumanMessage("And how many circles?")):
        state = swarm.invoke({"messages": [message]}, THREAD)
        assert state["messages"][-1].type == "ai"
        assert state["messages"][-1].response_metadata["num_calls"] == 1


def test_the_result_tells_the_question_and_not_the_handoff() -> None:
    state = create_stage_beam(ScriptedModel()).compile().invoke({"messages": [QUESTION, *HANDOFF]})
    result = SearchResult.from_state(state)
    assert result.question == DEMO_QUESTION
    assert result.pictures == (PICTURE,)


def test_a_bad_picture_of_a_question_that_was_handed_on_is_told() -> None:
    bad = HumanMessage([{"type": "image"}, {"type": "text", "text": "How many?"}])
    state = create_stage_beam(ScriptedModel()).compile().invoke({"messages": [bad, *HANDOFF]})
    assert state["messages"][-1].response_metadata["finish_reason"] == "unreadable_attachment"


def test_tool_calls_without_a_human_question_are_refused() -> None:
    with pytest.raises(MessageError, match="end `messages` with the user's question"):
        create_stage_beam(ScriptedModel()).compile().invoke({"messages": HANDOFF})
