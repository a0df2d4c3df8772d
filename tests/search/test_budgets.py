"""Limits, stopping early, and drawing candidates in groups."""

import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langchain_llava_o1.judges.generative import GenerativeJudge
from langchain_llava_o1.judges.reward import RewardJudge
from langchain_llava_o1.judges.voting import VotingJudge
from langchain_llava_o1.search.best_of_n import create_best_of_n
from langchain_llava_o1.search.builder import SearchGraph
from langchain_llava_o1.search.sentence_beam import create_sentence_beam
from langchain_llava_o1.search.stage_beam import create_stage_beam
from langchain_llava_o1.search.swires import create_swires
from langchain_llava_o1.staging.stages import STAGES
from tests.scripted_model import USAGE, Call, Reply, ScriptedModel, stopped
from tests.search.questions import ask, obeyed
from tests.search.test_searches import judge_for
from tests.search.writers import write_staged

SEARCHES = [create_best_of_n, create_sentence_beam, create_stage_beam, create_swires]


def run(create: Callable[..., SearchGraph], model: ScriptedModel, **context: Any) -> dict[str, Any]:
    search = create(model, judge=judge_for(create), continuation="prefill")
    state: dict[str, Any] = search.compile().invoke(ask(), context=obeyed(search, seed=1, **context))
    return state


@pytest.mark.parametrize("create", SEARCHES, ids=lambda create: create.__name__)
@settings(max_examples=15, deadline=None)
@given(max_calls=st.integers(1, 30), both_orders=st.booleans())
def test_calls_are_never_more_than_the_limit(
    create: Callable[..., SearchGraph], max_calls: int, both_orders: bool
) -> None:
    model = ScriptedModel(write=write_staged)
    state = run(create, model, max_calls=max_calls, judge_both_orders=both_orders)
    answer = state["messages"][-1]
    assert len(model.calls) == answer.response_metadata["num_calls"] <= max_calls
    assert answer.text.count("e.g.") == 3
    assert all(stage.opening in answer.additional_kwargs["reasoning_content"] for stage in STAGES[:-1])


def test_a_limit_that_cut_the_search_short_is_told() -> None:
    free = run(create_stage_beam, ScriptedModel(write=write_staged))
    needed = free["messages"][-1].response_metadata["num_calls"]
    exact = run(create_stage_beam, ScriptedModel(write=write_staged), max_calls=needed)
    assert exact["stages"] == free["stages"]
    assert exact["messages"][-1].response_metadata["limit"] is None
    short = run(create_stage_beam, ScriptedModel(write=write_staged), max_calls=needed - 1)
    assert short["messages"][-1].response_metadata["limit"] == "max_calls"
    shortest = run(create_stage_beam, ScriptedModel(write=write_staged), max_calls=1)
    assert list(shortest["stages"]) == ["rest"]


# A stream of this model that is left early tells no tokens, so sentences are not among these.
@pytest.mark.parametrize(
    "create", [create_best_of_n, create_stage_beam, create_swires], ids=lambda create: create.__name__
)
def test_past_the_tokens_nothing_is_compared(create: Callable[..., SearchGraph]) -> None:
    model = ScriptedModel(write=write_staged)
    per_call = USAGE["output_tokens"]
    # The first candidates reach the limit; a match would have followed.
    state = run(create, model, max_tokens_total=2 * per_call, candidates=4)
    answer = state["messages"][-1]
    assert answer.response_metadata["limit"] == "max_tokens_total"
    assert answer.text
    assert not model.judging_calls
    assert len(model.calls) <= 4 + 1 + 1


def test_past_the_time_the_rest_is_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(1000.0)
    monkeypatch.setattr(time, "time", lambda: next(clock))
    model = ScriptedModel(write=write_staged)
    state = run(create_stage_beam, model, max_seconds=4.0)
    first, *_, last = state["stages"]
    assert (first, last) == ("summary", "rest")
    assert state["messages"][-1].response_metadata["limit"] == "max_seconds"
    assert state["messages"][-1].text.count("e.g.") == 3


def test_an_open_stage_is_ended_by_the_rest() -> None:
    state = run(create_sentence_beam, ScriptedModel(write=write_staged), max_sentences=4)
    answer = state["messages"][-1]
    assert list(state["stages"]) == ["sentence 1", "sentence 2", "sentence 3", "sentence 4", "rest"]
    reasoning = answer.additional_kwargs["reasoning_content"]
    assert reasoning.count("Sentence 0") == 3
    assert reasoning.count("e.g.") == 9
    assert answer.response_metadata["incomplete_stages"] == []


def test_no_match_is_played_where_all_agree() -> None:
    def agree(call: Call) -> Reply:
        text = "Three." if call.seed % 2 else "The answer is **3**"
        return stopped(call.stage.wrap(text if call.stage.is_visible else "The same."))

    model = ScriptedModel(write=agree)
    state = run(create_stage_beam, model, early_stop=True, candidates=5)
    assert not model.judging_calls
    assert all(not record["matches"] for record in state["stages"].values())
    assert len({candidate["text"] for candidate in state["stages"]["conclusion"]["candidates"]}) == 2
    run(create_stage_beam, model, early_stop=False, candidates=5)
    assert model.judging_calls


def test_one_that_is_cut_off_agrees_with_none() -> None:
    def write(call: Call) -> Reply:
        if call.seed % 2:
            return stopped(f"{call.stage.opening}same", finish_reason="length")
        return stopped(f"{call.stage.opening}same", call.stage.closing)

    state = run(create_stage_beam, ScriptedModel(write=write), early_stop=True, candidates=6)
    assert all(record["matches"] for record in state["stages"].values())
    assert all(record["is_complete"] for record in state["stages"].values())


@pytest.mark.parametrize(("num_different", "num_drawn"), [(0, 2), (1, 8), (9, 8)])
def test_groups_are_drawn_until_enough_agree(num_different: int, num_drawn: int) -> None:
    def write(call: Call) -> Reply:
        index = len([c for c in model.sampling_calls if c.stage == call.stage]) - 1
        return stopped(call.stage.wrap(f"other {index}" if index < num_different * 2 else "same"))

    model = ScriptedModel(write=write)
    state = run(create_stage_beam, model, group=2, candidates=8, agreement=0.9)
    for record in state["stages"].values():
        assert len(record["candidates"]) == num_drawn
        assert [candidate["index"] for candidate in record["candidates"]] == list(range(num_drawn))
        assert len(record["matches"]) == num_drawn - 1


def different(call: Call) -> Reply:
    return stopped(call.stage.wrap(f"text {call.seed}"))


@pytest.mark.parametrize("judge", [None, RewardJudge(lambda messages: 1.0)], ids=["compares", "scores"])
def test_a_limit_is_told_if_it_stopped_a_group(judge: RewardJudge | None) -> None:
    def write(call: Call) -> Reply:
        return different(call) if call.parameters["stop"] else write_staged(call)

    graph = create_stage_beam(ScriptedModel(write=write), judge=judge).compile()
    context = {"seed": 1, "group": 2, "candidates": 8, "max_calls": 7}
    metadata = graph.invoke(ask(), context=context)["messages"][-1].response_metadata
    assert (metadata["num_calls"], metadata["limit"]) == (7, "max_calls")


def test_a_limit_that_no_group_came_to_is_not_told() -> None:
    model = ScriptedModel(write=lambda call: stopped("".join(stage.wrap("same") for stage in STAGES)))
    graph = create_best_of_n(model, judge=RewardJudge(lambda messages: 1.0))
    context = {"seed": 1, "group": 2, "candidates": 8, "max_calls": 5}
    metadata = graph.compile().invoke(ask(), context=context)["messages"][-1].response_metadata
    assert (metadata["num_calls"], metadata["limit"]) == (2, None)


@settings(max_examples=20, deadline=None)
@given(max_calls=st.integers(1, 40))
def test_checks_and_votes_are_calls_too(max_calls: int) -> None:
    def write(call: Call) -> Reply:
        is_check = str(call.messages[-1].text).startswith("Check a response")
        return stopped("Correct: yes") if is_check else write_staged(call)

    model = ScriptedModel(write=write)
    checking = GenerativeJudge(model, with_check=True)
    for judge in (checking, VotingJudge([checking, GenerativeJudge(model)])):
        model.calls.clear()
        graph = create_stage_beam(model, judge=judge).compile()
        state = graph.invoke(ask(), context={"seed": 1, "max_calls": max_calls})
        assert len(model.calls) <= max_calls
        assert state["messages"][-1].response_metadata["num_calls"] == len(model.calls)


def test_groups_do_not_change_which_candidates_there_are() -> None:
    whole = run(create_stage_beam, ScriptedModel(write=write_staged), candidates=6)
    groups = run(create_stage_beam, ScriptedModel(write=write_staged), candidates=6, group=4)
    assert whole["stages"] == groups["stages"]
