"""All benchmarks side by side, with published figures, in the tables for people and for programs."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from langchain_llava_o1.evaluation.published import published_on
from langchain_llava_o1.evaluation.results.run_report import RunReport, report_run
from tests.evaluation.benchmark_files import hallusion_rows, write_table
from tests.evaluation.results.folders import Answers, answer, heading, write_answers, write_lines

PAPER_SETS = ("mmstar", "mmbench", "mmvet", "mathvista", "ai2d")
"""Those of which published tables give the accuracy."""
SINGLE: Answers = {("single", 1): [1.0, 0.0]}


@pytest.fixture(autouse=True)
def no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMUData", str(tmp_path / "nothing"))


def report_on(folder: Path, *benchmarks: str, **changes: Any) -> RunReport:
    for name in benchmarks:
        write_answers(folder, SINGLE, benchmark=name, **changes)
    return report_run([folder])


def csv_lines(report: RunReport) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(report.csv)))


def test_published_figures_stand_beside_ours_in_markdown(tmp_path: Path) -> None:
    write_answers(tmp_path, {**SINGLE, ("stage-beam", 4): [1.0, 1.0]}, benchmark="mmstar")
    markdown = report_on(tmp_path, "mmvet").markdown
    assert markdown.startswith("| accuracy of | source | mmstar | mmvet | average |\n|---|---|---|---|---|\n")
    assert "\n| single | measured | 50.0% | 50.0% | 50.0% |\n" in markdown
    # What was not measured everywhere has no average.
    assert "\n| stage-beam, N=4 | measured | 100.0% | – | – |\n" in markdown
    assert "\n| LLaVA-o1, single pass | published | 57.6% | 60.3% | 62.4% |\n" in markdown
    assert "\n| LLaVA-o1, stage-level beam search, N=4 | published | – | 62.9% | – |\n" in markdown
    assert "*published* are not measured here: they stand in arXiv 2411.10440" in markdown
    assert "A published average is that of the paper's six benchmarks" in markdown


def test_the_average_of_all_six_is_in_markdown_and_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate(PAPER_SETS):
        scores = [1.0] * (number + 1) + [0.0] * (4 - number)
        write_answers(tmp_path, {("single", 1): scores}, benchmark=name)
    ids = [row["index"] for row in hallusion_rows() if row["image"]]
    # All right but one of two questions about a figure: aAcc 4/5, fAcc 2/3, qAcc 2/3.
    lines = [
        answer("single", 1, number, float(number > 0), id=name, kind="chart")
        for number, name in enumerate(ids)
    ]
    head = heading(benchmark="hallusion-bench")
    write_lines(tmp_path / "hallusion-bench" / "outcomes.jsonl", [head, *lines])
    # Without its file it is not known what published tables would give.
    unknown = json.loads(report_run([tmp_path]).json)["overview"]
    assert unknown["rows"][0]["average"] is None
    write_table(tmp_path, "HallusionBench", hallusion_rows())
    monkeypatch.setenv("LMUData", str(tmp_path))
    report = report_run([tmp_path])
    measured = json.loads(report.json)["overview"]["rows"][0]
    average = (0.2 + 0.4 + 0.6 + 0.8 + 1.0 + (4 / 5 + 2 / 3 + 2 / 3) / 3) / 6
    assert len(measured["accuracy"]) == 6
    assert measured["average"] == pytest.approx(average)
    (line,) = [line for line in report.markdown.splitlines() if line.startswith("| single | measured |")]
    assert line.endswith(f"| {average:.1%} |")
    assert "| LLaVA-o1, SWIRES | published | 62.5% | 77.6% | 64.9% | 57.7% | 81.0% | 49.1% | 65.5% |" in (
        report.markdown
    )


def test_json_tells_what_is_published_from_what_is_measured(tmp_path: Path) -> None:
    found = json.loads(report_on(tmp_path, "mmstar", "scenes").json)
    overview = found["overview"]
    assert overview["benchmarks"] == ["scenes (easy)", "mmstar"]
    assert overview["published_in"] == "arXiv 2411.10440"
    assert "temperature 0.6" in overview["published_conditions"]
    measured, *published = overview["rows"]
    assert measured == {
        "name": "single",
        "source": "measured",
        "accuracy": {"scenes (easy)": 0.5, "mmstar": 0.5},
        "average": 0.5,
    }
    assert {row["source"] for row in published} == {"published"}
    assert {row["name"]: row["accuracy"]["mmstar"] for row in published} == published_on("mmstar", {})
    assert len(found["rows"]) == 2


def test_csv_has_a_line_for_each_published_figure(tmp_path: Path) -> None:
    lines = csv_lines(report_on(tmp_path, "mmvet", "hallusion-bench"))
    assert {line["source"] for line in lines if line["strategy"]} == {"measured"}
    published = [line for line in lines if line["source"] == "published"]
    of_mmvet = {line["model"]: line["accuracy"] for line in published if line["benchmark"] == "mmvet"}
    assert {model: float(share) for model, share in of_mmvet.items()} == published_on("mmvet", {})
    of_hallusion = {line["model"]: line for line in published if line["benchmark"] == "hallusion-bench"}
    assert of_hallusion["LLaVA-o1, SWIRES"]["mean of aAcc, fAcc, qAcc"] == "0.491"
    assert {line["accuracy"] for line in of_hallusion.values()} == {""}
    assert not any(line["skill"] or line["kind"] or line["strategy"] for line in published)


def test_a_single_benchmark_has_its_published_figures_and_no_average(tmp_path: Path) -> None:
    report = report_on(tmp_path, "mmvet")
    assert report.markdown.startswith("| accuracy of | source | mmvet |\n|---|---|---|\n")
    assert "\n| LLaVA-o1, stage-level beam search, N=2 | published | 61.7% |\n" in report.markdown
    assert "average" not in report.markdown
    assert json.loads(report.json)["overview"]["rows"][0]["average"] is None


def test_nothing_is_published_of_other_benchmarks(tmp_path: Path) -> None:
    alone = report_on(tmp_path, "scenes")
    assert "published" not in alone.markdown + alone.json + alone.csv
    assert alone.markdown.startswith("| strategy |")
    both = report_on(tmp_path, "puzzles")
    assert both.markdown.startswith("| accuracy of | source | scenes (easy) | puzzles (easy) | average |")
    assert "published" not in both.markdown + both.json + both.csv
