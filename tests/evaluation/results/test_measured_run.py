"""What a folder of answers comes to, and its tables."""

import csv
import io
import json
from pathlib import Path

import pytest

from langchain_llava_o1.data.annotation.spending import Price
from langchain_llava_o1.evaluation.benchmark import NO_RESOURCES, Resources, open_benchmark
from langchain_llava_o1.evaluation.benchmark_files.published_files import md5_of
from langchain_llava_o1.evaluation.comparison import Cell, ComparisonSettings, compare
from langchain_llava_o1.evaluation.item import DamagedItemError
from langchain_llava_o1.evaluation.results.measured_run import MeasuredRun, measure_run
from langchain_llava_o1.evaluation.results.run_folder import read_runs
from langchain_llava_o1.evaluation.results.tables import as_json, write_csv, write_markdown
from tests.evaluation.benchmark_files import PUBLISHED, write_published, write_table
from tests.evaluation.results.folders import (
    answer,
    heading,
    write_answers,
    write_lines,
    write_skills,
)
from tests.evaluation.test_accuracy import make_oracle

PRICE = Price(1.0, 10.0)


def measured(folder: Path, *prices: Price) -> list[MeasuredRun]:
    return [measure_run(run, NO_RESOURCES) for run in read_runs([folder], prices)]


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
    assert "| fAcc |" in write_markdown(runs)
    assert "| 50.0% |" in write_markdown(runs)
    assert next(csv.DictReader(io.StringIO(write_csv(runs))))["fAcc"] == "0.5"


def test_a_benchmark_that_is_missing_keeps_its_figures(tmp_path: Path) -> None:
    write_answers(tmp_path, {("greedy", 1): [0.0, 1.0]}, benchmark="of-another-version")
    (run,) = measured(tmp_path)
    assert run.reports[0].accuracy == 0.5
    assert "There is no benchmark 'of-another-version'" in run.problem


@pytest.mark.parametrize(
    ("name", "change", "has_digest"),
    [
        ("mmstar", slice(None, None, -1), True),
        ("mmstar", slice(2), True),
        ("mmstar", slice(2), False),
        ("mathvista", slice(2), True),
        ("mathvista", slice(2), False),
    ],
)
def test_a_file_that_changed_is_told_and_not_read(
    tmp_path: Path, name: str, change: slice, *, has_digest: bool
) -> None:
    file_name, make_rows = PUBLISHED[name]
    path = write_table(tmp_path / "data", file_name, make_rows())
    digest = md5_of(path)
    changes = {"data_md5": digest} if has_digest else {}
    write_answers(tmp_path, {("greedy", 1): [0.0, 1.0, 1.0]}, benchmark=name, **changes)
    resources = Resources(tmp_path / "data")
    (run,) = read_runs([tmp_path])
    assert measure_run(run, resources).problem == ""
    write_table(path.parent, file_name, make_rows()[change])
    found = measure_run(run, resources)
    told = f"MD5 {digest}; the file that is there has {md5_of(path)}" if has_digest else "go up to item 2"
    assert told in found.problem
    assert "--data" in found.problem
    assert found.reports[0].accuracy == pytest.approx(2 / 3)
    assert not found.reports[0].further
    with pytest.raises(DamagedItemError):
        found.benchmark.read_item(0)


def test_answers_of_all_folders_are_to_the_same_file(tmp_path: Path) -> None:
    digest = md5_of(write_published(tmp_path / "data", "mmstar"))
    folders = [tmp_path / each for each in ("ours", "theirs")]
    for folder, told in zip(folders, (digest, "another"), strict=True):
        write_answers(folder, {("greedy", 1): [0.0]}, benchmark="mmstar", data_md5=told)
    (run,) = read_runs(folders)
    problem = measure_run(run, Resources(tmp_path / "data")).problem
    assert f"The answers in {folders[1] / 'mmstar'} are to a MMStar.tsv with the MD5 another" in problem


def test_money_follows_from_tokens(tmp_path: Path) -> None:
    write_answers(tmp_path, {("greedy", 1): [1.0, 1.0]})
    runs = measured(tmp_path, PRICE)
    # 2 × 50 tokens read, 100 + 101 generated.
    assert runs[0].cells[0].cost == pytest.approx((100 * 1.0 + 201 * 10.0) / 1e6)
    assert "| cost | cost per 1,000 items |" in write_markdown(runs)
    assert "cost" not in write_markdown(measured(tmp_path))


def test_each_folder_has_its_own_price(tmp_path: Path) -> None:
    folders = [tmp_path / model for model in ("cheap", "dear")]
    for folder in folders:
        write_answers(folder, {("greedy", 1): [1.0, 1.0]}, model=folder.name)
    prices = [PRICE, Price(100.0, 1000.0)]
    runs = [measure_run(run, NO_RESOURCES) for run in read_runs(folders, prices)]
    cheap, dear = as_json(runs)["rows"]
    assert (cheap["price"], dear["price"]) == (
        {"input": 1.0, "output": 10.0},
        {"input": 100.0, "output": 1000.0},
    )
    assert dear["cost"] == pytest.approx(100 * cheap["cost"])
    whole = [
        row for row in csv.DictReader(io.StringIO(write_csv(runs))) if not row["kind"] and not row["skill"]
    ]
    assert [float(row["cost"]) for row in whole] == [cheap["cost"], dear["cost"]]
    assert f"| {dear['cost']:.4g} |" in write_markdown(runs)


def test_the_tables_of_programs_hold_what_those_of_people_hold(tmp_path: Path) -> None:
    write_answers(tmp_path, {("greedy", 1): [0.0, 1.0, 0.0], ("stage-beam", 2): [1.0, 1.0, 0.0]})
    runs = measured(tmp_path, PRICE)
    rows = list(csv.DictReader(io.StringIO(write_csv(runs))))
    whole = [row for row in rows if not row["kind"] and not row["skill"]]
    assert [(row["strategy"], row["candidates"]) for row in whole] == [("greedy", "1"), ("stage-beam", "2")]
    assert float(whole[1]["accuracy"]) == pytest.approx(2 / 3)
    assert (whole[1]["gained"], whole[1]["lost"], whole[0]["gained"]) == ("1", "0", "")
    assert {row["kind"] for row in rows if row["strategy"] == "greedy"} == {"", "count", "colour", "relation"}
    found = json.loads(json.dumps(as_json(runs)))
    assert [row["price"] for row in found["rows"]] == [{"input": 1.0, "output": 10.0}] * 2
    assert [row["accuracy"] for row in found["rows"]] == [float(row["accuracy"]) for row in whole]
    assert "| stage-beam | generative | 2 | 66.7% |" in write_markdown(runs)


def test_the_skills_are_in_all_tables(tmp_path: Path) -> None:
    # Of perception, one of three is right; of mathematics, two of two.
    answers = {("greedy", 1): [0.0] * 7, ("stage-beam", 2): [1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0]}
    write_skills(tmp_path, answers)
    runs = measured(tmp_path)
    markdown = write_markdown(runs)
    head = "| skill | items | greedy, N=1 | stage-beam, N=2 |\n|---|---|---|---|\n"
    table = "| math | 2 | 0.0% | 100.0% |\n| perception | 3 | 0.0% | 33.3% |\n| science & technology | 2 |"
    assert f"{head}{table}" in markdown
    rows = [row for row in csv.DictReader(io.StringIO(write_csv(runs))) if row["strategy"] != "greedy"]
    by_skill = [row for row in rows if row["skill"] and not row["kind"]]
    assert [(row["skill"], row["counted"]) for row in by_skill] == [
        ("math", "2"),
        ("perception", "3"),
        ("science & technology", "2"),
    ]
    assert float(by_skill[1]["accuracy"]) == pytest.approx(1 / 3)
    assert float(by_skill[1]["low"]) < 1 / 3 < float(by_skill[1]["high"])
    assert len([row for row in rows if row["kind"]]) == 6
    assert as_json(runs)["rows"][1]["by_skill"]["math"] == {"accuracy": 1.0, "items": 2}


def test_people_are_not_told_of_the_same_figures_twice(tmp_path: Path) -> None:
    write_answers(tmp_path, {("greedy", 1): [0.0, 1.0, 0.0]})
    assert "| skill | items |" not in write_markdown(measured(tmp_path))


def test_several_benchmarks_have_a_heading_each(tmp_path: Path) -> None:
    for name in ("scenes", "puzzles"):
        write_answers(tmp_path, {("greedy", 1): [0.0, 1.0]}, benchmark=name)
    lines = write_markdown(measured(tmp_path)).splitlines()
    assert [line for line in lines if line.startswith("#")] == ["### scenes (easy)", "### puzzles (easy)"]
