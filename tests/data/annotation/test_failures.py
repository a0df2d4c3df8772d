"""Errors that every question would meet stop a run; what was done before is kept."""

import asyncio
import pickle
from pathlib import Path
from typing import Any

import pytest
from langchain_core.exceptions import (
    ModelAuthenticationError,
    ModelInvalidRequestError,
    ModelNotFoundError,
    ModelPermissionDeniedError,
    ModelRateLimitError,
)
from langchain_core.messages import AIMessage

from langchain_llava_o1.chat.model_name import ModelName
from langchain_llava_o1.data.annotation import models
from langchain_llava_o1.data.annotation.annotation import annotate
from langchain_llava_o1.data.annotation.annotator import Outcome
from langchain_llava_o1.data.annotation.failures import ModelOutOfReachError
from langchain_llava_o1.data.annotation.plan import AnnotationPlan
from langchain_llava_o1.data.annotation.preference_pairs import draw_preference_pairs
from langchain_llava_o1.data.annotation.question import Question
from langchain_llava_o1.data.annotation.ray_workers import _keep_all, _Result
from tests.chat_completions import Body, RefusedError, serving
from tests.data.annotation.teaching import conclude, open_questions, prompt_of, read_json_lines, teach
from tests.scripted_model import Call


class CreditUsedUp(ModelRateLimitError):
    """As OpenAI tells it: an error of a rate limit, with a code."""

    code = "insufficient_quota"


class PaymentRequired(Exception):
    """As of a provider whose errors LangChain does not know."""

    status_code = 402


@pytest.mark.parametrize(
    "error",
    [
        ModelAuthenticationError,
        ModelPermissionDeniedError,
        ModelNotFoundError,
        CreditUsedUp,
        PaymentRequired,
    ],
)
def test_an_error_of_every_question_stops_the_run_and_keeps_what_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(models, "BACK_OFF", {"initial": 0.001, "max": 0.002})
    is_closed = True

    def write(call: Call) -> AIMessage:
        if is_closed and "number 0" not in prompt_of(call):
            raise error("no entry")
        return conclude("7")

    questions, folder = open_questions(tmp_path, *["7"] * 20), tmp_path / "set"
    model, name = teach(write)
    plan = AnnotationPlan(name, retries=2)
    with pytest.raises(ModelOutOfReachError, match=rf"{error.__name__}: no entry\)\. Check its name"):
        annotate(questions, folder, plan, concurrency=1)
    assert len({prompt_of(call) for call in model.calls}) == 2
    assert [each["id"] for each in read_json_lines(folder / "examples.jsonl")] == ["q0"]
    assert read_json_lines(folder / "refusals.jsonl") == []
    is_closed = False
    num_calls = len(model.calls)
    assert annotate(questions, folder, plan).num_annotated == 20
    assert len(model.calls) == num_calls + 19


@pytest.mark.parametrize(
    ("status", "code"), [(401, "invalid_api_key"), (402, "no_credit"), (429, "insufficient_quota")]
)
def test_what_a_server_of_openai_says_is_understood(tmp_path: Path, status: int, code: str) -> None:
    def refuse(body: Body) -> str:
        raise RefusedError(status, code)

    with serving(refuse) as address:
        teacher = ModelName("openai:scripted", {"base_url": address, "api_key": "none", "max_retries": 0})
        with pytest.raises(ModelOutOfReachError, match="no entry"):
            annotate(open_questions(tmp_path, "7"), tmp_path / "set", AnnotationPlan(teacher, retries=1))


def test_a_question_that_the_provider_refuses_stops_no_run(tmp_path: Path) -> None:
    def write(call: Call) -> AIMessage:
        if "number 0" in prompt_of(call):
            raise ModelInvalidRequestError("filtered")
        return conclude("7")

    report = annotate(open_questions(tmp_path, "7", "7"), tmp_path / "set", AnnotationPlan(teach(write)[1]))
    assert (report.num_annotated, report.num_failed) == (1, 1)


def test_no_pairs_are_drawn_of_a_model_out_of_reach(tmp_path: Path) -> None:
    def write(call: Call) -> AIMessage:
        raise ModelAuthenticationError("wrong key")

    model, name = teach(write)
    drawing = draw_preference_pairs(
        open_questions(tmp_path, *["7"] * 20),
        tmp_path / "pairs.jsonl",
        AnnotationPlan(name, validator="rule", shows_reference=False),
        concurrency=2,
    )
    with pytest.raises(ModelOutOfReachError, match="wrong key"):
        asyncio.run(drawing)
    assert len(model.calls) <= 2


class ResultRows:
    """What Ray gives back."""

    def __init__(self, *results: Any) -> None:
        self._results = results

    def iter_rows(self) -> list[dict[str, bytes]]:
        return [{"pickled": pickle.dumps(result)} for result in self._results]


class KeepingRun:
    """Stands in for a run, and notes what is kept."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    def keep(self, question: Question, outcome: Outcome) -> None:
        self.kept.append(question.id)


def test_what_other_workers_came_to_is_kept_before_a_run_on_ray_stops(tmp_path: Path) -> None:
    first, second = (Question(example, ()) for example in open_questions(tmp_path, "7", "7"))
    stopped = _Result(first, [], None, ModelOutOfReachError("wrong key"))
    done = _Result(second, [], Outcome())
    run: Any = KeepingRun()
    rows: Any = ResultRows(stopped, done)
    with pytest.raises(ModelOutOfReachError, match="wrong key"):
        _keep_all(run, rows)
    assert run.kept == ["q1"]
