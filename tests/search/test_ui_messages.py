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
