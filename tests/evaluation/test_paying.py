"""What answers cost, and what becomes of them where the money ends, or a call fails."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.exceptions import ModelInvalidRequestError, ModelRefusalError
from langchain_core.messages import AIMessage
from typer.testing import CliRunner

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.app import app
from langchain_llava_o1.errors import GenerationError
from tests.evaluation.benchmark_files import write_published
from tests.evaluation.letters import PRICED, read_letter, rows_of
from tests.scripted_model import Call, ScriptedModel


@pytest.mark.usefixtures("letters")
def test_a_budget_ends_a_run_that_a_larger_one_goes_on_with(
    compare: Callable[..., Any], model: ScriptedModel
) -> None:
    # An answer costs 3.
    stopped = compare(*PRICED, "--max-cost", "13", "--concurrency", "1", "--json")
    assert stopped.exit_code == 1
    assert "stopped at the budget" in stopped.stderr
    assert rows_of(stopped)["greedy"]["items"] == 4
    num_calls = len(model.calls)
    done = compare(*PRICED, "--max-cost", "25", "--concurrency", "1", "--json")
    assert done.exit_code == 0
    assert rows_of(done)["greedy"]["items"] == 8
    assert len(model.calls) == num_calls + 4


@pytest.mark.usefixtures("letters")
def test_a_budget_holds_with_many_questions_at_once(
    compare: Callable[..., Any], model: ScriptedModel, tmp_path: Path
) -> None:
    # What an answer costs is not known before the first one: that one is waited for.
    stopped = compare(*PRICED, "--max-cost", "7", "--concurrency", "8", "--json")
    assert stopped.exit_code == 1
    # Whichever items come first; of two questions' halves a report would count neither.
    answers = (tmp_path / "run" / "letters" / "outcomes.jsonl").read_text().splitlines()[1:]
    assert len(model.calls) == len(answers) == 2


@pytest.mark.usefixtures("letters")
def test_a_budget_counts_all_benchmarks_before_it_asks_of_the_first(
    compare: Callable[..., Any], model: ScriptedModel, tmp_path: Path
) -> None:
    write_published(tmp_path / "data", "ai2d")
    asked = ("--benchmark", "letters,ai2d", "--data", str(tmp_path / "data"), "--concurrency", "1", *PRICED)
    assert compare(*asked, "--items", "2").exit_code == 0
    num_calls = len(model.calls)
    assert num_calls == 2 * 2
    # 2 × 6 are spent, so that there is one answer more.
    assert compare(*asked, "--items", "4", "--max-cost", "15").exit_code == 1
    assert len(model.calls) == num_calls + 1
    # Nothing is counted twice.
    assert compare(*asked, "--items", "4", "--max-cost", "24").exit_code == 0
    assert len(model.calls) == 2 * 4


@pytest.mark.usefixtures("letters")
def test_baselines_that_ask_nobody_cost_nothing(compare: Callable[..., Any], model: ScriptedModel) -> None:
    # Two strategies ask: greedy, and the model without the pictures.
    asked = (*PRICED, "--max-cost", str(2 * 8 * 3), "--baselines", "--json")
    first = compare(*asked)
    assert first.exit_code == 0
    assert {row["items"] for row in rows_of(first).values()} == {8}
    num_calls = len(model.calls)
    assert compare(*asked).exit_code == 0
    assert len(model.calls) == num_calls == 2 * 8


@pytest.mark.usefixtures("letters")
def test_a_question_that_the_model_refuses_is_wrong_and_counted_apart(
    compare: Callable[..., Any], model: ScriptedModel, tmp_path: Path
) -> None:
    def refuse_one(call: Call) -> AIMessage:
        if str(call.messages[0].text).startswith("D"):
            raise ModelRefusalError("The filter stopped it.")
        return read_letter(call)

    model.write = refuse_one
    result = compare("--json")
    assert result.exit_code == 0
    (row,) = rows_of(result).values()
    assert (row["items"], row["unread"]) == (8, 1)
    outcomes = (tmp_path / "run" / "letters" / "outcomes.jsonl").read_text().splitlines()[1:]
    (refused,) = [found for line in outcomes if "told" in (found := json.loads(line))]
    assert refused["told"] == "The model refused the question: The filter stopped it."
    num_calls = len(model.calls)
    assert rows_of(compare("--json"))["greedy"]["unread"] == 1
    assert len(model.calls) == num_calls


@pytest.mark.usefixtures("letters")
def test_a_model_that_refuses_all_questions_has_answered_none(
    compare: Callable[..., Any], model: ScriptedModel
) -> None:
    def refuse(call: Call) -> AIMessage:
        raise ModelInvalidRequestError("There is no parameter max_tokens.")

    model.write = refuse
    result = compare("--json")
    assert result.exit_code == 1
    assert "There is no parameter max_tokens." in result.stderr
    model.write = read_letter
    assert rows_of(compare("--json"))["greedy"]["unread"] == 0


@pytest.mark.usefixtures("letters")
def test_a_model_that_has_answered_before_may_refuse_all_that_is_left(
    compare: Callable[..., Any], model: ScriptedModel
) -> None:
    def refuse(call: Call) -> AIMessage:
        raise ModelInvalidRequestError("The filter stopped it.")

    compare("--items", "2")
    model.write = refuse
    # Of more questions than it has answered, the fault may lie in how it is asked now.
    assert "The filter stopped it." in compare("--items", "6").stderr
    done = compare("--items", "4", "--json")
    assert done.exit_code == 0
    row = rows_of(done)["greedy"]
    assert (row["items"], row["unread"], row["accuracy"]) == (4, 2, 0.5)


@pytest.mark.usefixtures("letters")
def test_what_is_under_way_when_an_answer_fails_is_not_lost(
    compare: Callable[..., Any], model: ScriptedModel
) -> None:
    def fail_at_the_last(call: Call) -> AIMessage:
        if len(model.calls) == 8:
            raise GenerationError("The model broke.")
        return read_letter(call)

    model.write = fail_at_the_last
    assert compare("--concurrency", "8").exit_code == 1
    done = compare("--json")
    assert rows_of(done)["greedy"]["items"] == 8
    assert len(model.calls) == 8 + 1


@pytest.fixture
def failing_grader(letters: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the grader fail at the first item, and in the second start at the third."""
    grade = letters.grade
    failed: list[str] = []

    async def fail_once(self: Any, item: Any, conclusion: str) -> Any:
        if item.id in ("letter-0", "letter-2") and item.id not in failed:
            failed.append(item.id)
            raise GenerationError("The grader cannot be reached.")
        return await grade(self, item, conclusion)

    monkeypatch.setattr(letters, "grade", fail_once)


@pytest.mark.usefixtures("failing_grader")
def test_an_answer_is_not_asked_for_again_where_its_grading_failed(
    compare: Callable[..., Any], model: ScriptedModel, tmp_path: Path
) -> None:
    for _ in range(2):
        assert "cannot be reached" in compare("--concurrency", "1").stderr
    assert len(model.calls) == 3
    records = tmp_path / "run" / "letters" / "records" / "greedy-1.jsonl"
    with records.open("a") as file:
        file.write('{"number": 3, "conc')
    num_calls = len(model.calls)
    done = compare("--concurrency", "1", *PRICED, "--max-cost", "24", "--json")
    assert done.exit_code == 0
    (row,) = rows_of(done).values()
    assert (row["items"], row["accuracy"], row["tokens"]) == (8, 1.0, 8 * 3)
    assert len(model.calls) == num_calls + 5
    *_, cut_off, last = [line for line in records.read_text().splitlines() if '"number": 3,' in line]
    assert (cut_off, json.loads(last)["conclusion"]) == ('{"number": 3, "conc', "B")


@pytest.mark.usefixtures("failing_grader")
def test_replies_of_a_comparison_that_was_deleted_are_not_taken_over(
    compare: Callable[..., Any], model: ScriptedModel, tmp_path: Path
) -> None:
    compare("--concurrency", "1")
    (tmp_path / "run" / "letters" / "outcomes.jsonl").unlink()
    num_calls = len(model.calls)
    compare("--concurrency", "1")
    assert compare("--concurrency", "1").exit_code == 0
    assert len(model.calls) == num_calls + 8


@pytest.mark.usefixtures("letters", "model")
def test_a_budget_needs_a_price_and_a_comparison(compare: Callable[..., Any]) -> None:
    assert "add --price" in compare("--max-cost", "1").stderr
    alone = CliRunner().invoke(app, ["bench", "accuracy", *PRICED, "--max-cost", "1"])
    assert alone.exit_code == 2
    assert "add --compare" in alone.stderr


@pytest.mark.parametrize(
    "grader",
    [
        ("--grader", "openai:gpt-4o-mini"),
        ("--grader", "served", "--grader-base-url", "http://127.0.0.1:9/v1"),
    ],
    ids=["of a provider", "of a server"],
)
@pytest.mark.usefixtures("letters")
def test_a_budget_needs_the_price_of_a_grader_that_may_ask_for_money(
    compare: Callable[..., Any],
    model: ScriptedModel,
    monkeypatch: pytest.MonkeyPatch,
    grader: tuple[str, ...],
) -> None:
    monkeypatch.setattr(answering, "open_model", lambda settings: model)
    refused = compare(*PRICED, "--max-cost", "24", *grader)
    assert refused.exit_code == 2
    told = " ".join(refused.stderr.replace("│", " ").split())
    assert f"24.0 needs the price of the grader {grader[1]}, too; add --grader-price" in told
    assert not model.calls
    assert compare(*PRICED, "--max-cost", "24", *grader, "--grader-price", "0,0").exit_code == 0


@pytest.mark.usefixtures("letters", "model")
def test_a_grader_that_is_a_checkpoint_needs_no_price(compare: Callable[..., Any]) -> None:
    assert compare(*PRICED, "--max-cost", "24", "--grader", "tiny").exit_code == 0
