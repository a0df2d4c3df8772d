"""Accepted stages as LangGraph's UI messages."""

from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph.ui import ui_message_reducer

from langchain_llava_o1.search.catalogue import find_search
from langchain_llava_o1.staging.transcript import parse_transcript
from tests.scripted_model import ScriptedModel
from tests.search.questions import ask
from tests.search.writers import write_staged

HIDDEN = ["summary", "caption", "reasoning"]
WANTED = {"seed": 1, "ui_messages": True}
UNWANTED = {"seed": 1}
THREAD: Any = {"configurable": {"thread_id": "1"}}


def search(name: str = "stage-beam", **options: Any) -> Any:
    model = ScriptedModel() if name == "stage-beam" else ScriptedModel(write=write_staged)
    return find_search(name).create(model).compile(**options)


def events_of(parts: list[Any]) -> list[Any]:
    return [data for mode, data in parts if mode == "custom" and data["type"] == "ui"]


def test_each_accepted_stage_is_one_ui_message_beside_the_answer() -> None:
    modes = ["custom", "values"]
    parts = list(search().stream(ask(), context=WANTED, stream_mode=modes))
    pushed, state = events_of(parts), parts[-1][1]
    answer = state["messages"][-1]
    assert [each["props"]["stage"] for each in pushed] == HIDDEN
    assert {each["name"] for each in pushed} == {"stage"}
    assert {each["metadata"]["message_id"] for each in pushed} == {answer.id}
    reasoning = parse_transcript(answer.additional_kwargs["reasoning_content"])
    assert [each["props"]["text"] for each in pushed] == [stage.body for stage in reasoning.stages]
    # A page that reads events and one that reads the state see the same.
    assert ui_message_reducer([], pushed) == state["ui"]
    # They come as stages are accepted, not all at the end.
    counts = [len(data.get("ui", [])) for mode, data in parts if mode == "values"]
    assert {1, 2, 3} <= set(counts)


@pytest.mark.parametrize("name", ["best-of-n", "self-consistency", "single"])
async def test_searches_of_whole_answers_tell_their_stages_in_the_end(name: str) -> None:
    graph = search(name)
    parts = [part async for part in graph.astream(ask(), context=WANTED, stream_mode=["custom", "values"])]
    assert [each["props"]["stage"] for each in events_of(parts)] == HIDDEN


def test_a_run_that_does_not_ask_has_none() -> None:
    parts = list(search().stream(ask(), context=UNWANTED, stream_mode=["custom", "values", "updates"]))
    assert events_of(parts) == []
    assert not any("ui" in data for mode, data in parts if mode == "values")


def test_the_stages_of_earlier_turns_stay_beside_their_answers() -> None:
    graph = search(checkpointer=InMemorySaver())
    graph.invoke(ask(), THREAD, context=WANTED)
    graph.invoke({"messages": [HumanMessage("And now?")]}, THREAD, context=UNWANTED)
    state = graph.invoke({"messages": [HumanMessage("And then?")]}, THREAD, context=WANTED)
    answers = [message.id for message in state["messages"] if message.type == "ai"]
    told = [each["metadata"]["message_id"] for each in state["ui"]]
    assert told == [answers[0]] * 3 + [answers[2]] * 3


def test_the_state_has_the_message_that_stages_are_drawn_beside_as_soon_as_it_has_them() -> None:
    states = list(search().stream(ask(), context=WANTED, stream_mode="values"))
    answers = [state["messages"][1:] for state in states if state.get("ui")]
    assert [len(each) for each in answers] == [1] * len(answers)
    assert {answer.id for (answer,) in answers} == {states[-1]["ui"][0]["metadata"]["message_id"]}
    kinds = [[block["type"] for block in answer.content] for (answer,) in answers[:4]]
    assert kinds == [["reasoning"] * number for number in (1, 2, 3)] + [["reasoning"] * 3 + ["text"]]
    assert answers[3][0].text == answers[-1][0].text == states[-1]["messages"][-1].content


def test_what_is_streamed_stays_one_message() -> None:
    streamed = [chunk for chunk, _ in search().stream(ask(), context=WANTED, stream_mode="messages")]
    blocks = [block["type"] for chunk in streamed for block in chunk.content]
    assert blocks[:4] == ["reasoning"] * 3 + ["text"]
    assert set(blocks[4:]) <= {"text"}


def test_a_stopped_answer_stays_in_the_conversation_and_no_model_is_sent_it() -> None:
    model = ScriptedModel()
    graph = find_search("stage-beam").create(model).compile(checkpointer=InMemorySaver())
    stopped = graph.invoke(ask(), THREAD, context=WANTED, interrupt_before=["reasoning"])
    assert [message.type for message in stopped["messages"]] == ["human", "ai"]
    model.calls.clear()
    state = graph.invoke({"messages": [HumanMessage("And now?")]}, THREAD, context=WANTED)
    assert [message.type for message in state["messages"]] == ["human", "ai", "human", "ai"]
    assert state["messages"][1].response_metadata["finish_reason"] == "unfinished"
    for call in model.sampling_calls:
        # What the model is sent ends in the prefix of the answer, which it goes on from.
        asked = [message.type for message in call.messages]
        assert asked.count("human") == 2
        assert "ai" not in asked[:-1]
