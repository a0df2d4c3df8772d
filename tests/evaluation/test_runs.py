"""Runs of `bench accuracy`: baselines, budgets, records, damaged items, items that count together."""

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.exceptions import ModelInvalidRequestError, ModelRefusalError
from langchain_core.messages import AIMessage
from PIL import Image
from typer.testing import CliRunner

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.app import app
from langchain_llava_o1.errors import GenerationError
from langchain_llava_o1.evaluation.benchmark import BENCHMARKS, BenchmarkEntry
from langchain_llava_o1.report.result import SearchResult
from tests.evaluation.benchmark_files import mmstar_rows, write_table
from tests.scripted_model import Call, ScriptedModel

NEW_FILE = '''
"""Letters: of four, the right one is A in every other item; two items are one question."""

from pathlib import Path

from langchain_llava_o1.evaluation.benchmark import Benchmark
from langchain_llava_o1.evaluation.item import DamagedItemError, Grade, Item


class Letters(Benchmark):
    num_items = 8
    damaged = None

    def read_item(self, number):
        if number == self.damaged:
            raise DamagedItemError(f"letters.tsv, row {number}, column image: no picture.")
        picture = Path(__file__).with_name("dot.png").read_bytes()
        right = "A" if number % 2 == 0 else "BCD"[number % 3]
        return Item(
            f"letter-{number}",
            [picture],
            f"{right} is right.",
            "letters",
            right,
            unit=f"question {number // 2}",
            unit_items=2,
            choices=tuple("ABCD"),
            sources=[f"letters.tsv row {number}"],
        )

    async def grade(self, item, conclusion):
        is_read = conclusion in item.choices
        score = float(conclusion == item.reference)
        return Grade(score, conclusion if is_read else None, "rule" if is_read else "nobody")

    def further_scores(self, outcomes):
        return {"A alone": sum(outcome.read == "A" for outcome in outcomes) / len(outcomes)}
'''
PRICED = ("--price", "0,1000000")
"""A token that is generated costs 1."""


@pytest.fixture
def letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Add the benchmark; its class."""
    (tmp_path / "own_letters.py").write_text(NEW_FILE)
    Image.new("RGB", (28, 28), "red").save(tmp_path / "dot.png")
    monkeypatch.syspath_prepend(tmp_path)
    entry = BenchmarkEntry("letters", "Letters.", "own_letters:Letters", {})
    monkeypatch.setitem(BENCHMARKS, entry.name, entry)
    monkeypatch.delitem(sys.modules, "own_letters", raising=False)
    return importlib.import_module("own_letters").Letters


def read_letter(call: Call) -> AIMessage:
    """Answer right where there is a picture; with the last letter where there is none."""
    content = call.messages[0].content
    has_picture = isinstance(content, list) and any(
        isinstance(block, dict) and block["type"] != "text" for block in content
    )
    text = str(call.messages[0].text)
    usage = {"input_tokens": 10, "output_tokens": 3, "total_tokens": 13}
    return AIMessage(text[0] if has_picture else "D", usage_metadata=usage)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> ScriptedModel:
    model = ScriptedModel(write=read_letter)
    monkeypatch.setattr(answering, "create_model", lambda settings: model)
    return model


@pytest.fixture
def compare(tmp_path: Path) -> Callable[..., Any]:
    def run(*options: str) -> Any:
        given = ("--benchmark", "letters", "--compare", "greedy", "--no-plot", "--out", str(tmp_path / "run"))
        return CliRunner().invoke(app, ["bench", "accuracy", *given, *options])

    return run


def rows_of(result: Any) -> dict[str, Any]:
    return {row["strategy"]: row for row in json.loads(result.stdout)["rows"]}


@pytest.mark.usefixtures("letters", "model")
def test_baselines_stand_beside_a_strategy(compare: Callable[..., Any]) -> None:
    rows = rows_of(compare("--baselines", "--json"))
    assert list(rows) == ["greedy", "random", "majority-option", "text-only"]
    assert rows["greedy"]["accuracy"] == 1.0
    # Half of the items have A, so that no question of two items is right.
    assert rows["majority-option"]["further"] == {"A alone": 1.0}
    assert rows["majority-option"]["accuracy"] == 0.0
    assert rows["majority-option"]["tokens"] == 0
    assert rows["random"]["further"] != {"A alone": 1.0}
    assert rows["text-only"]["tokens"] == 24
    assert rows["text-only"]["accuracy"] < 1
    assert rows["text-only"]["paired"]["against"] == "greedy, N=1"
    assert {row["items"] for row in rows.values()} == {8}
    assert {row["counted"] for row in rows.values()} == {4}


@pytest.mark.usefixtures("letters", "model")
def test_a_random_choice_is_the_same_in_every_run(compare: Callable[..., Any], tmp_path: Path) -> None:
    first = rows_of(compare("--baselines", "--json"))
    (tmp_path / "run" / "letters" / "outcomes.jsonl").unlink()
    assert rows_of(compare("--baselines", "--json"))["random"]["further"] == first["random"]["further"]


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
    compare: Callable[..., Any], model: ScriptedModel
) -> None:
    # What an answer costs is not known before the first one: that one is waited for.
    stopped = compare(*PRICED, "--max-cost", "7", "--concurrency", "8", "--json")
    assert stopped.exit_code == 1
    assert len(model.calls) == rows_of(stopped)["greedy"]["items"] == 2


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


@pytest.mark.usefixtures("model")
def test_a_damaged_item_is_named_and_the_others_count(compare: Callable[..., Any], letters: Any) -> None:
    letters.damaged = 3
    result = compare("--baselines", "--json")
    assert result.exit_code == 0
    assert "letters.tsv, row 3, column image: no picture. It is left out." in result.stderr
    assert {row["items"] for row in rows_of(result).values()} == {7}
    # Of the question that the item belongs to the other half may be right, and does not count.
    assert {row["counted"] for row in rows_of(result).values()} == {3}


@pytest.mark.usefixtures("letters", "model")
def test_a_record_and_the_place_of_the_picture_are_kept_for_each_answer(
    compare: Callable[..., Any], tmp_path: Path
) -> None:
    compare("--items", "2")
    folder = tmp_path / "run" / "letters"
    outcomes = [json.loads(line) for line in (folder / "outcomes.jsonl").read_text().splitlines()[1:]]
    assert {each["id"]: each["sources"] for each in outcomes} == {
        "letter-0": ["letters.tsv row 0"],
        "letter-1": ["letters.tsv row 1"],
    }
    records = [json.loads(line) for line in (folder / "records" / "greedy-1.jsonl").read_text().splitlines()]
    results = {record["number"]: SearchResult.from_record(record["result"]) for record in records}
    assert {number: result.answer for number, result in results.items()} == {
        each["number"]: each["conclusion"] for each in outcomes
    }


@pytest.mark.usefixtures("letters")
def test_all_models_get_the_same_tokens(compare: Callable[..., Any], model: ScriptedModel) -> None:
    compare("--items", "1", "--tokens", "2047", "--baselines")
    assert len(model.calls) == 2
    assert {call.parameters["max_tokens"] for call in model.calls} == {2048}


@pytest.mark.usefixtures("letters", "model")
def test_an_option_goes_to_the_benchmark_that_has_it(compare: Callable[..., Any]) -> None:
    result = compare("--benchmark", "letters,scenes", "--option", "difficulty=easy", "--items", "2")
    assert "### letters" in result.stdout
    assert "### scenes (easy)" in result.stdout
    refused = compare("--benchmark", "letters,scenes", "--option", "mask=yes", "--items", "1")
    assert refused.exit_code == 2
    assert "letters has no option 'mask'" in refused.stderr


@pytest.mark.usefixtures("letters", "model")
def test_all_of_a_benchmark_is_asked_by_default(compare: Callable[..., Any]) -> None:
    assert rows_of(compare("--json"))["greedy"]["items"] == 8
    assert rows_of(compare("--json", "--items", "3"))["greedy"]["items"] == 3


@pytest.mark.usefixtures("model")
def test_rows_that_are_not_asked_are_told(compare: Callable[..., Any], tmp_path: Path) -> None:
    rows = [
        *mmstar_rows()[:2],
        {**mmstar_rows()[2], "image": ""},
    ]
    write_table(tmp_path, "MMStar", rows)
    result = compare("--benchmark", "mmstar", "--data", str(tmp_path), "--json")
    assert result.exit_code == 0
    assert "MMStar.tsv: 1 row has no picture, and no question is asked about it." in result.stderr
    assert rows_of(result)["greedy"]["items"] == 2
