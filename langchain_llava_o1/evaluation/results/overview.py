"""All benchmarks side by side, measured figures and published ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from langchain_llava_o1.evaluation.accuracy import AccuracyReport
from langchain_llava_o1.evaluation.published import PUBLISHED, published_on, published_score
from langchain_llava_o1.evaluation.results.measured_run import MeasuredRun


@dataclass(frozen=True)
class OverviewRow:
    """A strategy, or a line of the paper.

    Attributes:
        name: What it is called.
        accuracy: Shares, by number of the benchmark; what is missing was not measured, or not published. Of
            some benchmarks it is the score that published tables give.
        average: Over all benchmarks of the table or, of a published line, over the paper's own; None where
            some are missing, or one alone was measured.
    """

    name: str
    accuracy: Mapping[int, float]
    average: float | None


@dataclass(frozen=True)
class Overview:
    """The table.

    Attributes:
        benchmarks: What was asked, a column each.
        measured: The strategies.
        published: Lines of the paper that have a figure for one of the benchmarks.
    """

    benchmarks: tuple[str, ...]
    measured: tuple[OverviewRow, ...]
    published: tuple[OverviewRow, ...]


def create_overview(runs: Sequence[MeasuredRun]) -> Overview:
    """Put the benchmarks side by side."""
    labels = dict.fromkeys(cell.run.label for run in runs for cell in run.cells)
    measured = []
    for label in labels:
        accuracy = {
            place: share
            for place, run in enumerate(runs)
            for cell in run.cells
            if cell.run.label == label and (share := _compared(cell.report)) is not None
        }
        average = sum(accuracy.values()) / len(runs) if len(accuracy) == len(runs) > 1 else None
        measured.append(OverviewRow(label, accuracy, average))
    tables = [published_on(run.run.heading.benchmark, run.run.heading.options) for run in runs]
    published = []
    for line in PUBLISHED:
        found = {place: table[line.model] for place, table in enumerate(tables) if line.model in table}
        if found:
            published.append(OverviewRow(line.model, found, line.average))
    return Overview(tuple(map(_describe, runs)), tuple(measured), tuple(published))


def _compared(report: AccuracyReport) -> float | None:
    """Return what published tables give of a benchmark; None where it cannot be told."""
    score = published_score(report.benchmark)
    return report.accuracy if score is None else report.further.get(score)


def _describe(run: MeasuredRun) -> str:
    score = published_score(run.run.heading.benchmark)
    return run.asked if score is None else f"{run.asked}, {score}"
