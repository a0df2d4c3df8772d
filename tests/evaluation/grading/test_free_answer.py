"""Free answers: a score from a grader, or from a judge of openevals."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage

from langchain_llava_o1.data.annotation.spending import Budget, BudgetReached, Spending, Usage
from langchain_llava_o1.errors import ConfigurationError, GenerationError
from langchain_llava_o1.evaluation.grading.free_answer import grade_free_answer
from langchain_llava_o1.evaluation.grading.grader import GRADING
from langchain_llava_o1.evaluation.grading.openevals_grader import Evaluator, OpenEvalsGrader
from langchain_llava_o1.evaluation.grading.options import grade_option
from langchain_llava_o1.evaluation.grading.reply_cache import ReplyCache
from langchain_llava_o1.evaluation.grading.score import read_score
from langchain_llava_o1.evaluation.item import Grade
from tests.evaluation.grading.graders import (
    NO_GRADER,
    GivenResources,
    prompt_of,
    replying,
    scripted,
    wait_for,
)
from tests.scripted_model import USAGE, ScriptedModel

ASKED = ("What is x?", "-1<AND>-5")


@pytest.mark.parametrize(
    ("told", "score"),
    [
        ("0.5", 0.5),
        ("1", 1.0),
        ("**0.4**", 0.4),
        ("Score: 0.7", 0.7),
        ("| 0.3 |", 0.3),
        ("0.5.", 0.5),
        ("7", None),
        ("-0.5", None),
        ("50%", None),
        ("0.5 or 0.6", None),
        ("All of it is right.", None),
        ("0.5" + " and so on" * 100, None),
    ],
)
def test_scores(told: str, score: float | None) -> None:
    assert read_score(told) == score


@given(st.text() | st.text(st.sampled_from("0123456789., -|")))
def test_scores_are_from_0_to_1(told: str) -> None:
    score = read_score(told)
    assert score is None or 0 <= score <= 1


def test_the_grader_scores() -> None:
    resources, model = replying("0.5")
    reply = "<CONCLUSION>x = -1 |\nor so</CONCLUSION>"
    assert wait_for(grade_free_answer(*ASKED, reply, resources)) == Grade(0.5, "0.5", "grader", "0.5")
    assert prompt_of(model.calls[0]).endswith("\nWhat is x? | -1 <AND> -5 | x = -1 / or so |")


def test_five_tries_at_a_rising_temperature() -> None:
    resources, model = replying("a", "b", "2", "c", "0.2")
    assert wait_for(grade_free_answer(*ASKED, "x = -1", resources)) == Grade(0.2, "0.2", "grader", "0.2")
    assert [call.parameters["temperature"] for call in model.calls] == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_what_cannot_be_scored_is_worth_nothing() -> None:
    resources, model = replying(*"abcde", is_compatible=True)
    assert wait_for(grade_free_answer(*ASKED, "x = -1", resources)) == Grade(0.0, None, "nobody", "e")
    assert wait_for(grade_free_answer(*ASKED, "<SUMMARY>x</SUMMARY>", resources)) == Grade(
        0.0, None, "nobody"
    )
    assert len(model.calls) == 5


def test_a_grader_is_needed() -> None:
    with pytest.raises(ConfigurationError, match="graded by a model, and none is named; name one"):
        wait_for(grade_free_answer(*ASKED, "x = -1", NO_GRADER))


def evaluate(**asked: Any) -> dict[str, Any]:
    """Return what openevals' evaluators return."""
    assert asked == {"inputs": ASKED[0], "outputs": "x = -1", "reference_outputs": ASKED[1]}
    return {"key": "score", "score": 0.5, "comment": "Half of it.", "metadata": None}


def with_evaluator(evaluator: Evaluator, **options: Any) -> GivenResources:
    return GivenResources(OpenEvalsGrader(evaluator, scripted(lambda call: "B"), "correctness", **options))


def test_an_evaluator_of_openevals_scores() -> None:
    async def evaluate_later(**asked: Any) -> list[dict[str, Any]]:
        return [evaluate(**asked)]

    for evaluator in (evaluate, evaluate_later):
        graded = wait_for(grade_free_answer(*ASKED, "x = -1", with_evaluator(evaluator)))
        assert graded == Grade(0.5, "0.5", "grader", "Half of it.")


@pytest.mark.parametrize(("score", "worth"), [(True, 1.0), (False, 0.0), (1, 1.0), (7, None), (None, None)])
def test_scores_of_evaluators(score: Any, worth: float | None) -> None:
    resources = with_evaluator(lambda **asked: {"score": score, "comment": None})
    graded = wait_for(grade_free_answer(*ASKED, "x = -1", resources))
    assert (graded.score, graded.by) == (worth or 0.0, "nobody" if worth is None else "grader")


def test_an_evaluator_s_grader_reads_options_too() -> None:
    graded = wait_for(grade_option("?", {"A": "1", "B": "2"}, "B", "two", with_evaluator(evaluate), seed=0))
    assert graded == Grade(1.0, "B", "grader", "B")


def test_an_evaluator_is_asked_once_and_its_models_are_counted(tmp_path: Path) -> None:
    judged = AIMessage("half", usage_metadata=USAGE, response_metadata={"model_name": "judge"})
    judge = ScriptedModel(write=lambda call: judged)

    def ask_judge(**asked: Any) -> dict[str, Any]:
        judge.invoke("?")
        return evaluate(**asked)

    used = []
    for _ in range(2):
        spending = Spending()
        cache = ReplyCache(tmp_path / "replies.jsonl")
        resources = with_evaluator(ask_judge, cache=cache, spending=spending)
        assert wait_for(grade_free_answer(*ASKED, "x = -1", resources)).score == 0.5
        used.append(spending.used)
    assert used == [{GRADING: Usage(1, 10, 3)}, {}]
    assert len(judge.calls) == 1


def test_evaluators_that_fail_are_named() -> None:
    def fail(**asked: Any) -> dict[str, Any]:
        raise RuntimeError("no key")

    with pytest.raises(GenerationError, match="The grader correctness failed: RuntimeError: no key"):
        wait_for(grade_free_answer(*ASKED, "x = -1", with_evaluator(fail)))
    with pytest.raises(ConfigurationError, match=r"of correctness returned 0\.5; it must return a dict"):
        wait_for(grade_free_answer(*ASKED, "x = -1", with_evaluator(lambda **asked: 0.5)))


def test_an_evaluator_is_not_asked_once_the_budget_is_reached() -> None:
    resources = with_evaluator(evaluate, spending=Spending(Budget(max_tokens=1)))
    with pytest.raises(BudgetReached):
        asyncio.run(grade_free_answer(*ASKED, "x = -1", resources))
