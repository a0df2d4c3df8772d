"""Threads on a LangGraph server: their history, and runs that are stopped, resumed and forked."""

from typing import Any

import pytest
from langgraph_sdk.client import LangGraphClient

from langchain_llava_o1.tiny import DEMO_QUESTION
from tests.integration.graph_client import CONTEXT, FORM, STAGE_NAMES, answer_of, new_thread


def drawn_in(state: Any) -> dict[str, list[tuple[int, str]]]:
    """Return the candidates of every stage, as seed and text."""
    return {
        name: [(candidate["seed"], candidate["text"]) for candidate in record["candidates"]]
        for name, record in state["stages"].items()
    }


async def test_a_thread_has_a_history_and_goes_on(client: LangGraphClient) -> None:
    thread = await new_thread(client)
    await client.runs.wait(thread, "stage_beam", input=FORM, context=CONTEXT)
    history = await client.threads.get_history(thread, limit=20)
    assert [list(state["next"]) for state in reversed(history)] == [
        ["__start__"],
        ["ask"],
        *([name] for name in STAGE_NAMES),
        ["answer"],
        [],
    ]
    state = await client.runs.wait(thread, "stage_beam", input={"question": DEMO_QUESTION}, context=CONTEXT)
    assert isinstance(state, dict)
    assert [message["type"] for message in state["messages"]] == ["human", "ai"] * 2
    assert answer_of(state) == "6"


@pytest.mark.long
async def test_a_run_stops_before_a_stage_and_is_resumed(client: LangGraphClient) -> None:
    thread = await new_thread(client)
    await client.runs.wait(thread, "stage_beam", input=FORM, context=CONTEXT, interrupt_before=["reasoning"])
    stopped = await client.threads.get_state(thread)
    assert list(stopped["next"]) == ["reasoning"]
    assert list(stopped["values"]["stages"]) == ["summary", "caption"]  # type: ignore[call-overload]

    state = await client.runs.wait(thread, "stage_beam", input=None)
    whole = await client.runs.wait(None, "stage_beam", input=FORM, context=CONTEXT)
    assert isinstance(state, dict)
    assert isinstance(whole, dict)
    assert answer_of(state) == "6"
    # Not the log-probabilities, whose last digits depend on what is computed in one batch.
    assert drawn_in(state) == drawn_in(whole)


@pytest.mark.long
async def test_a_run_is_forked_from_a_stage_with_other_settings(client: LangGraphClient) -> None:
    thread = await new_thread(client)
    first = await client.runs.wait(thread, "stage_beam", input=FORM, context=CONTEXT)
    history = await client.threads.get_history(thread, limit=20)
    after_caption = next(state for state in history if list(state["next"]) == ["reasoning"])

    # What Studio does when the state of a step is edited: the settings are part of it.
    values: Any = after_caption["values"]
    forked = await client.threads.update_state(
        thread,
        {"settings": {**values["settings"], "seed": 99, "candidates": 3}},
        checkpoint=after_caption["checkpoint"],
    )
    second = await client.runs.wait(thread, "stage_beam", input=None, checkpoint=forked["checkpoint"])
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    for name in ("summary", "caption"):
        assert first["stages"][name] == second["stages"][name]
    for name in ("reasoning", "conclusion"):
        seeds = [
            {candidate["seed"] for candidate in state["stages"][name]["candidates"]}
            for state in (first, second)
        ]
        assert len(seeds[1]) == 3
        assert seeds[0].isdisjoint(seeds[1])
    assert second["settings"]["seed"] == 99
    assert answer_of(second) == "6"
    # The first branch is still there.
    history = await client.threads.get_history(thread, limit=40)
    assert sum(list(state["next"]) == [] for state in history) == 2
