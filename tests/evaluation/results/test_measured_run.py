"""What a folder of answers comes to, and its tables."""

import csv
import io
import json
from pathlib import Path

import pytest

from langchain_llava_o1.data.annotation.spending import Price
from langchain_llava_o1.evaluation.benchmark import NO_RESOURCES, open_benchmark
from langchain_llava_o1.evaluation.comparison import Cell, ComparisonSettings, compare
from langchain_llava_o1.evaluation.results.measured_run import MeasuredRun, measure_run
from langchain_llava_o1.evaluation.results.run_folder import read_runs
from langchain_llava_o1.evaluation.results.tables import as_json, write_csv, write_markdown
from tests.evaluation.results.folders import answer, heading, write_answers, write_lines
from tests.evaluation.test_accuracy import make_oracle

PRICE = Price(1.0, 10.0)


def measured(folder: Path) -> list[MeasuredRun]:
    return [measure_run(run, NO_RESOURCES) for run in read_runs([folder])]


async def test_a_folder_says_what_the_comparison_said(tmp_path: Path) -> None:
    settings = ComparisonSettings(open_benchmark("scenes"), seed=0, items=8)
    cells = [Cell("single", 1), Cell("best-of-n", 2)]
    told = await compare(make_oracle(8, misses=4), cells, settings, folder=tmp_path / "scenes", concurrency=2)
    (run,) = measured(tmp_path)
    assert [report.accuracy for report in run.reports] == [0.75, 0.75]
    for ours, theirs in zip(run.reports, told, strict=True):
        of_both = ("benchmark", "strategy", "accuracy", "interval", "by_kind", "tokens", "judge", "model")
        assert [getattr(ours, name) for name in of_both] == [getattr(theirs, name) for name in of_both]
    assert run.reports[1].paired
    assert told[1].paired
    assert run.reports[1].paired.difference == told[1].paired.difference


def test_strategies_are_paired_with_the_first_one(tmp_path: Path) -> None:
    answers = {("greedy", 1): [0.0, 0.0, 1.0, 1.0], ("stage-beam", 2): [1.0, 1.0, 1.0, 0.0]}
    write_answers(tmp_path, answers)
    (run,) = measured(tmp_path)
    paired = run.reports[1].paired
    assert run.reports[0].paired is None
    assert paired
    assert (paired.against, paired.difference, paired.gained, paired.lost) == ("greedy", 0.25, 2, 1)
    assert [report.judge for report in run.reports] == [None, "generative"]
    assert run.reports[0].temperature == 0.0
    assert not run.is_uneven


def test_only_items_that_both_answered_are_paired(tmp_path: Path) -> None:
    write_answers(tmp_path, {("greedy", 1): [0.0, 1.0, 1.0], ("stage-beam", 2): [1.0, 1.0]})
    (run,) = measured(tmp_path)
    assert run.is_uneven
    assert run.reports[1].paired
    assert run.reports[1].paired.difference == 0.5


def test_rotations_of_a_question_count_as_one(tmp_path: Path) -> None:
    scores = [1.0, 0.0, 1.0, 1.0]
    lines = [answer("greedy", 1, number, score, unit=str(number // 2)) for number, score in enumerate(scores)]
    write_lines(tmp_path / "scenes" / "outcomes.jsonl", [heading(), *lines])
    (report,) = measured(tmp_path)[0].reports
    assert (report.items, report.counted, report.accuracy) == (4, 2, 0.5)


def test_the_benchmarks_own_scores_are_in_the_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from langchain_llava_o1.evaluation.benchmarks.drawn import Scenes

    monkeypatch.setattr(Scenes, "further_scores", lambda self, outcomes: {"fAcc": len(outcomes) / 4})
    write_answers(tmp_path, {("greedy", 1): [0.0, 1.0]})
    runs = measured(tmp_path)
    assert "| fAcc |" in write_markdown(runs, None)
    assert "| 50.0% |" in write_markdown(runs, None)
    assert next(csv.DictReader(io.StringIO(write_csv(runs, None))))["fAcc"] == "0.5"


def test_a_benchmark_that_is_missing_keeps_its_figures(tmp_path: Path) -> None:
    write_answers(tmp_path, {("greedy", 1): [0.0, 1.0]}, benchmark="of-another-version")
    (run,) = measured(tmp_path)
    assert run.reports[0].accuracy == 0.5
    assert "There is no benchmark 'of-another-version'" in run.problem


def test_money_follows_from_tokens(tmp_path: Path) -> None:
    write_answers(tmp_path, {("greedy", 1): [1.0, 1.0]})
    runs = measured(tmp_path)
    # 2 × 50 tokens read, 100 + 101 generated.
    assert runs[0].cells[0].cost_at(PRICE) == pytest.approx((100 * 1.0 + 201 * 10.0) / 1e6)
    assert "| cost | cost per 1,000 items |" in write_markdown(runs, PRICE)
    assert "cost" not in write_markdown(runs, None)


def test_the_tables_of_programs_hold_what_those_of_people_hold(tmp_path: Path) -> None:
    write_answers(tmp_path, {("greedy", 1): [0.0, 1.0, 0.0], ("stage-beam", 2): [1.0, 1.0, 0.0]})
    runs = measured(tmp_path)
    rows = list(csv.DictReader(io.StringIO(write_csv(runs, PRICE))))
    whole = [row for row in rows if not row["kind"]]
    assert [(row["strategy"], row["candidates"]) for row in whole] == [("greedy", "1"), ("stage-beam", "2")]
    assert float(whole[1]["accuracy"]) == pytest.approx(2 / 3)
    assert (whole[1]["gained"], whole[1]["lost"], whole[0]["gained"]) == ("1", "0", "")
    assert {row["kind"] for row in rows if row["strategy"] == "greedy"} == {"", "count", "colour", "relation"}
    found = json.loads(json.dumps(as_json(runs, PRICE)))
    assert found["price"] == {"input": 1.0, "output": 10.0}
    assert [row["accuracy"] for row in found["rows"]] == [float(row["accuracy"]) for row in whole]
    assert "| stage-beam | generative | 2 | 66.7% |" in write_markdown(runs, PRICE)


def test_several_benchmarks_have_a_heading_each(tmp_path: Path) -> None:
    for name in ("scenes", "puzzles"):
        write_answers(tmp_path, {("greedy", 1): [0.0, 1.0]}, benchmark=name)
    lines = write_markdown(measured(tmp_path), None).splitlines()
    assert [line for line in lines if line.startswith("#")] == ["### scenes (easy)", "### puzzles (easy)"]
