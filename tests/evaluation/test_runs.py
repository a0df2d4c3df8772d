"""Runs of `bench accuracy`: baselines, records, damaged items, items that count together."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from langchain_llava_o1.report.result import SearchResult
from tests.evaluation.benchmark_files import mmstar_rows, write_table
from tests.evaluation.letters import rows_of
from tests.scripted_model import ScriptedModel


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
