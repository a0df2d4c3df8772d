"""Every published set is answered by the embedded model, and reported."""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from typer.testing import CliRunner

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.answering import AnswerSettings, open_model
from langchain_llava_o1.cli.app import app
from tests.evaluation.benchmark_files import PUBLISHED, SKILLS, ai2d_rows, write_published, write_table
from tests.scripted_model import ScriptedModel

pytestmark = pytest.mark.long

GRADER = "a grader"
BASELINES = ("random", "majority-option", "text-only")
STRATEGIES = ("greedy", "stage-beam", *BASELINES)
SETS = (
    *("mmstar", "mmbench (dev)", "mmvet", "mathvista", "ai2d (no-mask)", "ai2d (mask)"),
    "hallusion-bench",
)
"""What reports call them."""
OWN_SCORES = {
    "mmvet": {"rec", "ocr", "math"},
    "mathvista": {"geometry reasoning", "algebraic reasoning", "arithmetic reasoning"},
    # Of the two items that are asked, both are of one figure, and no question is asked of all figures.
    "hallusion-bench": {"aAcc", "fAcc"},
}


def run_command(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, ["bench", *map(str, arguments)])
    assert result.exit_code == 0, result.stderr
    return result.stdout


def open_or_script(settings: AnswerSettings) -> BaseChatModel:
    """Open a real model, but for the grader, which finds every answer half right."""
    is_grader = settings.model == GRADER
    return ScriptedModel(write=lambda call: AIMessage("0.5")) if is_grader else open_model(settings)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answer items of all sets, and of AI2D with masks; both runs, and what reports say of them."""
    folder = tmp_path_factory.mktemp("published")
    data, run, masked = folder / "data", folder / "run", folder / "masked"
    for name in PUBLISHED:
        write_published(data, name)
    write_table(data, "AI2D_TEST", ai2d_rows())
    options = ("--model", "tiny", "--data", data, "--items", "2", "--tokens", "60", "--no-plot")
    compared = ("--compare", "greedy,stage-beam", "--candidates", "2", "--baselines")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answering, "open_model", open_or_script)
        sets = ("--benchmark", ",".join(PUBLISHED), "--grader", GRADER)
        (folder / "told.json").write_text(
            run_command("accuracy", *options, *compared, *sets, "--out", run, "--json")
        )
        mask = ("--benchmark", "ai2d", "--option", "mask=mask")
        run_command("accuracy", *options, *compared, *mask, "--out", masked)
    run_command("report", run, masked, "--data", data, "--out", folder / "both.html")
    return folder


def read_rows(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Read reports from JSON, by set and strategy."""
    rows = json.loads(path.read_text())["rows"]
    return {(name_of_set(row), row["strategy"].split(": ")[-1]): row for row in rows}


def name_of_set(row: Mapping[str, Any]) -> str:
    option = row.get("mask") or row.get("split")
    return f"{row['benchmark']} ({option})" if option else str(row["benchmark"])


def test_all_strategies_and_baselines_answer_every_set(folder: Path) -> None:
    rows = read_rows(folder / "told.json")
    assert list(rows) == [
        (name, strategy) for name in SETS if name != "ai2d (mask)" for strategy in STRATEGIES
    ]
    for (name, strategy), row in rows.items():
        # The rotations of a question of MMBench are asked together, and count as one.
        expected = (3, 1) if name == "mmbench (dev)" else (2, 2)
        assert (row["items"], row["counted"]) == expected
        assert (row["tokens"] > 0) == (strategy not in ("random", "majority-option"))
        assert row.get("paired", {}).get("against") == (None if strategy == "greedy" else "greedy, N=1")
        assert OWN_SCORES.get(name, set()) <= set(row["further"])
    for name in {name for name, _ in rows}:
        assert rows[name, "stage-beam"]["candidates"] == 2
        assert rows[name, "stage-beam"]["tokens"] > rows[name, "greedy"]["tokens"]
    assert list(rows["mmstar", "greedy"]["by_skill"]) == [skill for skill, _ in SKILLS[:2]]
    # Nothing was said to an open question by who has no options to choose from.
    assert rows["mmvet", "greedy"]["further"] == {"rec": 0.5, "ocr": 0.5, "math": 0.5}
    assert rows["mmvet", "random"]["accuracy"] == rows["mmvet", "majority-option"]["accuracy"] == 0


def test_a_mask_is_another_file(folder: Path) -> None:
    for run, file in (("run", "AI2D_TEST_NO_MASK.tsv"), ("masked", "AI2D_TEST.tsv")):
        _, *answers = (folder / run / "ai2d" / "outcomes.jsonl").read_text().splitlines()
        sources = [json.loads(line)["sources"] for line in answers]
        assert sorted(sources) == sorted([[f"{file} row {row}"] for row in (0, 1) for _ in STRATEGIES])


def test_a_report_says_what_the_runs_said(folder: Path) -> None:
    rows = read_rows(folder / "comparison.json")
    assert {name for name, _ in rows} == set(SETS)
    for place, told in read_rows(folder / "told.json").items():
        same = ("items", "counted", "accuracy", "interval", "unread", "tokens", "input_tokens", "further")
        assert {name: rows[place][name] for name in same} == {name: told[name] for name in same}
    with (folder / "comparison.csv").open(newline="") as file:
        whole = [line for line in csv.DictReader(file) if not line["skill"] and not line["kind"]]
    lines = [line for line in whole if line["source"] == "measured"]
    assert {line["source"] for line in whole if line not in lines} == {"published"}
    assert len(lines) == len(rows) == len(SETS) * len(STRATEGIES)
    for line, ((name, strategy), row) in zip(lines, rows.items(), strict=True):
        assert (line["benchmark"], line["strategy"].split(": ")[-1]) == (name.split(" ")[0], strategy)
        assert float(line["accuracy"]) == row["accuracy"]
        scores = {score: float(line[score]) for score in OWN_SCORES.get(name, ())}
        assert scores == {score: row["further"][score] for score in scores}


def test_the_tables_have_a_row_for_every_set_and_strategy(folder: Path) -> None:
    overview, *parts = (folder / "comparison.md").read_text().split("### ")
    assert [part.partition("\n")[0] for part in parts] == list(SETS)
    assert "| LLaVA-o1, SWIRES | published |" in overview
    for name, part in zip(SETS, parts, strict=True):
        run = "masked" if name == "ai2d (mask)" else "run"
        # One with the accuracy, one with the benchmark's own scores, and perhaps one by skill.
        for strategy in STRATEGIES:
            assert part.count(f"\n| {run}: {strategy} |") >= 2
        assert all(f" {score} |" in part for score in OWN_SCORES.get(name, ()))
    num_calls = len(list(filter(None, (folder / "run" / "grader.jsonl").read_text().split("\n"))))
    assert f"Graders were called {num_calls} times" in parts[-1]


def test_the_page_has_every_set(folder: Path) -> None:
    page = (folder / "both.html").read_text()
    assert "<title>tiny on mmstar, mmbench, mmvet, mathvista, ai2d and hallusion-bench</title>" in page
    assert headings(page) == ["All benchmarks", *SETS]
    for name in {score for scores in OWN_SCORES.values() for score in scores}:
        assert name in page


def headings(page: str) -> Sequence[str]:
    return [text.strip() for text in re.findall(r"<h2[^>]*>([^<]*)", page)]
