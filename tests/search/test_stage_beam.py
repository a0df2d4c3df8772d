from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import RunnableConfig

from langchain_llava_o1.errors import ConfigurationError, MessageError
from langchain_llava_o1.judges.judge import Comparison, PairwiseJudge
from langchain_llava_o1.judges.verdict import Verdict
from langchain_llava_o1.staging.stages import STAGES
from tests.scripted_model import USAGE, Call, Reply, ScriptedModel, number, stopped, write_number
from tests.search.questions import NAMES, ask, compiled


def search(model: ScriptedModel, **context: Any) -> dict[str, Any]:
    result: dict[str, Any] = compiled(model).invoke(ask(), context=context)
    return result


def best(call_seeds: list[int]) -> str:
    return f"note {max(number(seed) for seed in call_seeds)}"


def test_the_best_candidate_of_every_stage_makes_up_the_answer() -> None:
    result = search(ScriptedModel(), seed=3, candidates=5)
    bodies = {}
    for stage in STAGES:
        record = result["stages"][stage.name]
        bodies[stage] = best([candidate["seed"] for candidate in record["candidates"]])
        assert record["candidates"][record["winner"]]["text"] == stage.wrap(bodies[stage])
        assert len({candidate["text"] for candidate in record["candidates"]}) == 5
        assert len(record["matches"]) == 4
        assert record["is_complete"]
    answer = result["messages"][-1]
    assert answer.content == bodies[STAGES[-1]]
    assert answer.additional_kwargs["reasoning_content"] == "\n\n".join(
        stage.wrap(bodies[stage]) for stage in STAGES[:-1]
    )
    assert answer.response_metadata["incomplete_stages"] == []
    assert answer.response_metadata["finish_reason"] == "stop"
    assert answer.response_metadata["seed"] == 3


def test_each_stage_goes_on_from_the_accepted_ones() -> None:
    model = ScriptedModel()
    result = search(model, seed=3, candidates=3)
    accepted = ""
    for stage in STAGES:
        calls = [call for call in model.sampling_calls if call.stage == stage]
        judged = [call for call in model.judging_calls if stage.criterion in str(call.messages[-1].text)]
        assert (len(calls), len(judged)) == (3, 2)
        for call in (*calls, *judged):
            assert call.messages[0].content == ask()["messages"][0].content
            rest = call.messages[1:-1] if call.is_judging else call.messages[1:]
            assert [(type(message), message.content) for message in rest] == (
                [(AIMessage, accepted)] if accepted else []
            )
        record = result["stages"][stage.name]
        accepted = f"{accepted}\n\n{record['candidates'][record['winner']]['text']}".strip()


def test_candidates_are_sampled_and_matches_judged_with_the_settings() -> None:
    model = ScriptedModel()
    search(model, candidates=2, temperature=0.3, max_tokens_per_stage=77)
    assert {(c.parameters["temperature"], c.parameters["max_tokens"]) for c in model.sampling_calls} == {
        (0.3, 77)
    }
    assert {c.parameters["temperature"] for c in model.judging_calls} == {0.0}
    assert len({call.seed for call in model.sampling_calls}) == 8


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 9), st.integers(0, 2**53 - 1))
def test_any_number_of_candidates(num_candidates: int, seed: int) -> None:
    result = search(ScriptedModel(), seed=seed, candidates=num_candidates)
    for record in result["stages"].values():
        assert [candidate["index"] for candidate in record["candidates"]] == list(range(num_candidates))
        assert len(record["matches"]) == num_candidates - 1
        losers = [match["first"] + match["second"] - match["winner"] for match in record["matches"]]
        assert sorted([*losers, record["winner"]]) == list(range(num_candidates))


def test_a_stage_may_have_its_own_number_of_candidates() -> None:
    result = search(ScriptedModel(), candidates=2, candidates_per_stage={"caption": 6, "summary": 1})
    assert [len(result["stages"][name]["candidates"]) for name in NAMES] == [1, 6, 2, 2]


async def test_same_seed_same_result_sync_and_async() -> None:
    graph = compiled(ScriptedModel())
    first = graph.invoke(ask(), context={"seed": 11})
    again = graph.invoke(ask(), context={"seed": 11})
    asynchronous = await graph.ainvoke(ask(), context={"seed": 11})
    other = await graph.ainvoke(ask(), context={"seed": 12})
    assert first["stages"] == again["stages"] == asynchronous["stages"] != other["stages"]
    assert first["messages"][-1].content == asynchronous["messages"][-1].content


def test_without_a_seed_one_is_drawn_and_told() -> None:
    first, second = search(ScriptedModel()), search(ScriptedModel())
    assert first["stages"] != second["stages"]
    seed = first["messages"][-1].response_metadata["seed"]
    assert search(ScriptedModel(), seed=seed)["stages"] == first["stages"]


def test_usage_counts_every_call() -> None:
    model = ScriptedModel()
    result = search(model, candidates=3)
    answer = result["messages"][-1]
    assert len(model.calls) == 4 * (3 + 2)
    assert answer.response_metadata["num_calls"] == len(model.calls)
    assert answer.usage_metadata["total_tokens"] == len(model.calls) * USAGE["total_tokens"]
    assert result["stages"]["caption"]["num_calls"] == 5
    assert result["stages"]["caption"]["usage"]["output_tokens"] == 5 * USAGE["output_tokens"]


def test_a_model_that_counts_no_tokens() -> None:
    result = search(ScriptedModel(write=lambda call: f"{call.stage.opening} note {number(call.seed)}"))
    assert result["messages"][-1].usage_metadata["total_tokens"] == 4 * 3 * USAGE["total_tokens"]


@pytest.mark.parametrize("is_broken_first", [True, False])
def test_a_broken_candidate_loses_without_a_call(is_broken_first: bool) -> None:
    def write(call: Call) -> Reply:
        is_broken = (call.seed % 2 == 0) == is_broken_first
        return "99999999999 without any tag" if is_broken else write_number(call)

    model = ScriptedModel(write=write)
    result = search(model, seed=1, candidates=2)
    assert not model.judging_calls
    for record in result["stages"].values():
        assert record["is_complete"]
        assert [match["decided_by"] for match in record["matches"]] == ["incomplete"]
        assert record["num_calls"] == 2


def test_if_no_candidate_is_complete_the_stage_yields_its_best_and_the_answer_says_so() -> None:
    def write(call: Call) -> Reply:
        if call.stage.name == "caption":
            return stopped(f"cats {number(call.seed)}", finish_reason="length")
        return write_number(call)

    model = ScriptedModel(write=write)
    result = search(model, seed=1, candidates=3)
    record = result["stages"]["caption"]
    expected = f"cats {max(number(candidate['seed']) for candidate in record['candidates'])}"
    assert record["candidates"][record["winner"]]["text"] == expected
    assert not record["is_complete"]
    assert [match["decided_by"] for match in record["matches"]] == ["judge", "judge"]
    answer = result["messages"][-1]
    assert answer.response_metadata["incomplete_stages"] == ["caption"]
    assert f"<CAPTION>{expected}</CAPTION>" in answer.additional_kwargs["reasoning_content"]
    reasoning_call = next(call for call in model.sampling_calls if call.stage.name == "reasoning")
    assert str(reasoning_call.messages[-1].text).endswith(f"<CAPTION>{expected}</CAPTION>")


def test_a_conclusion_that_was_cut_off_is_still_given() -> None:
    def write(call: Call) -> Reply:
        return (
            stopped("<CONCLUSION>Two", finish_reason="length")
            if call.stage.is_visible
            else write_number(call)
        )

    answer = search(ScriptedModel(write=write))["messages"][-1]
    assert answer.content == "Two"
    assert answer.response_metadata["finish_reason"] == "length"
    assert answer.response_metadata["incomplete_stages"] == ["conclusion"]


def test_what_follows_a_stage_never_enters_the_next() -> None:
    def write(call: Call) -> Reply:
        own = f"{call.stage.opening}note {number(call.seed)}{call.stage.closing}"
        return f"{own}\n\n<REASONING>hasty</REASONING>\n\n<CONCLUSION>hasty</CONCLUSION>"

    model = ScriptedModel(write=write)
    result = search(model, candidates=2)
    assert all("hasty" not in str(message.content) for call in model.calls for message in call.messages[1:])
    assert "hasty" not in str(result["messages"][-1].content)


def test_identical_candidates_are_never_judged() -> None:
    model = ScriptedModel(write=lambda call: stopped(f"{call.stage.opening}same", call.stage.closing))
    result = search(model)
    assert not model.judging_calls
    assert {m["decided_by"] for record in result["stages"].values() for m in record["matches"]} == {
        "identical"
    }


def test_unreadable_verdicts_are_recorded_and_settled() -> None:
    result = search(ScriptedModel(judge=lambda call: "I cannot decide."), seed=1)
    matches = [match for record in result["stages"].values() for match in record["matches"]]
    assert {(match["is_read"], match["decided_by"]) for match in matches} == {(False, "unreadable")}
    assert {match["verdicts"][0] for match in matches} == {"I cannot decide."}
    assert {match["winner"] == match["first"] for match in matches} == {True, False}


def test_both_orders_unmask_a_judge_that_looks_at_the_position() -> None:
    model = ScriptedModel(judge=lambda call: "Better: 1")
    result = search(model, seed=1, candidates=3, judge_both_orders=True)
    matches = [match for record in result["stages"].values() for match in record["matches"]]
    assert {match["decided_by"] for match in matches} == {"disagreement"}
    assert all(len(match["verdicts"]) == 2 for match in matches)
    assert len(model.judging_calls) == 2 * len(matches)


async def test_both_orders_agree_for_a_judge_that_looks_at_the_words() -> None:
    graph = compiled(ScriptedModel())
    plain = await graph.ainvoke(ask(), context={"seed": 4})
    both = await graph.ainvoke(ask(), context={"seed": 4, "judge_both_orders": True})
    assert [plain["stages"][name]["winner"] for name in NAMES] == [
        both["stages"][name]["winner"] for name in NAMES
    ]


async def test_another_judge() -> None:
    class Contrarian(PairwiseJudge):
        """Takes the smaller number."""

        def compare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
            is_first_smaller = int(comparison.first.split()[1]) < int(comparison.second.split()[1])
            return Verdict("smaller", 1 if is_first_smaller else 2, "It is smaller.")

    model = ScriptedModel()
    graph = compiled(model, judge=Contrarian())
    result = graph.invoke(ask(), context={"seed": 4})
    assert (await graph.ainvoke(ask(), context={"seed": 4}))["stages"] == result["stages"]
    seeds = [candidate["seed"] for candidate in result["stages"]["conclusion"]["candidates"]]
    assert result["messages"][-1].content == f"note {min(number(seed) for seed in seeds)}"
    assert not model.judging_calls


@pytest.mark.parametrize("messages", [[], [HumanMessage("q?"), AIMessage("Two.")]])
def test_a_question_must_come_last(messages: list[BaseMessage]) -> None:
    with pytest.raises(MessageError, match="end `messages` with the user's question"):
        compiled(ScriptedModel()).invoke({"messages": messages})


def test_settings_out_of_bounds_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="candidates is 65; it must be a whole number from 1 to 64"):
        search(ScriptedModel(), candidates=65)
