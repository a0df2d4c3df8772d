"""Runs of `bench accuracy`: baselines, records, damaged items, items that count together."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from typer.testing import CliRunner

from langchain_llava_o1.cli.app import app
from langchain_llava_o1.report.result import SearchResult
from tests.evaluation.benchmark_files import mmstar_rows, write_published, write_table
from tests.evaluation.letters import rows_of
from tests.scripted_model import Call, ScriptedModel


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
    assert rows_of(compare("--json", "--max-items", "5"))["greedy"]["items"] == 5


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


@pytest.mark.usefixtures("letters", "model")
def test_a_benchmark_that_nothing_can_be_counted_of_is_told(
    compare: Callable[..., Any], tmp_path: Path
) -> None:
    rows = [{**row, "image": "damaged"} for row in mmstar_rows()]
    write_table(tmp_path, "MMStar", rows)
    said = "Nothing can be counted of the 6 items of mmstar from 0 on: none of them can be read"
    alone = compare("--benchmark", "mmstar", "--data", str(tmp_path))
    assert (alone.exit_code, alone.stdout) == (1, "")
    assert said in alone.stderr
    assert not (tmp_path / "run" / "comparison.md").exists()
    beside = compare("--benchmark", "mmstar,letters", "--data", str(tmp_path), "--json")
    assert (beside.exit_code, rows_of(beside)["greedy"]["benchmark"]) == (0, "letters")
    assert said in beside.stderr


def say_yes(call: Call) -> AIMessage:
    """Answer yes to all questions about figures but one."""
    return AIMessage("Hard to say." if "0_1_1" in str(call.messages[0].text) else "Yes.")


def test_the_benchmarks_own_scores_and_unread_answers_are_printed_as_a_report_has_them(
    compare: Callable[..., Any], model: ScriptedModel, tmp_path: Path
) -> None:
    model.write = say_yes
    write_published(tmp_path, "hallusion-bench")
    asked = ("--benchmark", "hallusion-bench", "--data", str(tmp_path))
    # Of three figures one is all right, of three questions two.
    head = "| strategy | N | unread | aAcc | fAcc | qAcc | mean of aAcc, fAcc, qAcc |"
    row = "| greedy | 1 | 1 | 60.0% | 33.3% | 66.7% | 53.3% |"
    table = f"{head}\n{'|---' * 7}|\n{row}"
    assert table in compare(*asked).stdout
    folder = str(tmp_path / "run")
    assert table in CliRunner().invoke(app, ["bench", "report", folder, "--data", str(tmp_path)]).stdout
    alone = CliRunner().invoke(app, ["bench", "accuracy", "--strategy", "greedy", *asked]).stdout
    assert "unread    1, counted as wrong" in alone
    scores = alone[alone.index("scores of the benchmark") :].splitlines()[1:5]
    assert [line.rsplit(maxsplit=1) for line in scores] == [
        ["  aAcc", "60.0%"],
        ["  fAcc", "33.3%"],
        ["  qAcc", "66.7%"],
        ["  mean of aAcc, fAcc, qAcc", "53.3%"],
    ]


@pytest.mark.usefixtures("model")
def test_nothing_is_said_of_scores_that_a_benchmark_does_not_have(tmp_path: Path) -> None:
    write_published(tmp_path, "ai2d")
    asked = ["--benchmark", "ai2d", "--data", str(tmp_path), "--strategy", "greedy", "--items", "1"]
    printed = CliRunner().invoke(app, ["bench", "accuracy", *asked]).stdout
    assert "accuracy" in printed
    assert "scores of the benchmark" not in printed
