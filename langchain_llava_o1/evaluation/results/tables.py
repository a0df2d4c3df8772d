"""The tables of a run as Markdown, CSV and JSON."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from langchain_llava_o1.evaluation.accuracy import GroupAccuracy, wilson_interval
from langchain_llava_o1.evaluation.comparison_table import comparison_table
from langchain_llava_o1.evaluation.published import (
    PUBLISHED_CONDITIONS,
    PUBLISHED_IN,
    published_on,
    published_score,
)
from langchain_llava_o1.evaluation.results.grading_cost import GradingCost
from langchain_llava_o1.evaluation.results.measured_run import MeasuredCell, MeasuredRun
from langchain_llava_o1.evaluation.results.overview import Overview, OverviewRow, create_overview

_MEASURED = "measured"
_PUBLISHED = "published"

_COLUMNS = (
    "benchmark",
    "options",
    "model",
    "strategy",
    "judge",
    "candidates",
    "temperature",
    "source",
    "skill",
    "kind",
    "items",
    "counted",
    "accuracy",
    "low",
    "high",
    "against",
    "difference",
    "gained",
    "lost",
    "p_value",
    "unread",
    "input_tokens",
    "output_tokens",
    "seconds",
    "cost",
)


def write_markdown(runs: Sequence[MeasuredRun], grading: GradingCost | None = None) -> str:
    """Write the tables of each benchmark as Markdown, and what graders took.

    Above them stands one of all benchmarks, with the published figures.
    """
    overview = create_overview(runs)
    parts = [_overview_table(overview)] if len(runs) > 1 or overview.published else []
    for run in runs:
        tables = f"{comparison_table(run.reports)}\n{_effort_table(run)}"
        parts.append(f"### {run.asked}\n\n{tables}" if len(runs) > 1 else tables)
    return "\n".join([*parts, *([f"{grading}\n"] if grading else [])])


def write_csv(runs: Sequence[MeasuredRun]) -> str:
    """Write a line for each strategy on each benchmark, for each skill, and for each kind of question.

    The lines of a whole benchmark have an empty ``skill`` and an empty ``kind``, and a further column for
    each score of the benchmarks' own tables. Those of a skill have an empty ``kind`` alone. Published figures
    have lines of their own, whose ``source`` says so.
    """
    published = [line for run in runs for line in _published_rows(run)]
    further = dict.fromkeys(name for run in runs for report in run.reports for name in report.further)
    further |= dict.fromkeys(name for line in published for name in line if name not in _COLUMNS)
    file = io.StringIO()
    writer = csv.DictWriter(file, [*_COLUMNS, *further], restval="", lineterminator="\n")
    writer.writeheader()
    for run in runs:
        for cell in run.cells:
            writer.writerows(_rows(cell))
    writer.writerows(published)
    return file.getvalue()


def as_json(runs: Sequence[MeasuredRun], grading: GradingCost | None = None) -> dict[str, Any]:
    """Return the reports on all benchmarks as plain JSON data."""
    return {
        "overview": _overview_as_json(create_overview(runs)),
        "grading": grading.as_json() if grading else None,
        "rows": [
            {
                **cell.report.as_json(),
                "strategy": cell.run.strategy,
                **({"price": asdict(cell.run.price), "cost": cell.cost} if cell.run.price else {}),
                "grader": cell.run.heading.grader,
                "compatible": cell.run.heading.is_compatible,
            }
            for run in runs
            for cell in run.cells
        ],
    }


def _sourced(overview: Overview) -> list[tuple[OverviewRow, str]]:
    """Return all rows, each with whether it was measured or published."""
    return [(row, _MEASURED) for row in overview.measured] + [(row, _PUBLISHED) for row in overview.published]


def _overview_as_json(overview: Overview) -> dict[str, Any]:
    """Return all benchmarks side by side, shares by the name of the benchmark."""
    rows = [
        {
            "name": row.name,
            "source": source,
            "accuracy": {overview.benchmarks[place]: share for place, share in row.accuracy.items()},
            "average": row.average,
        }
        for row, source in _sourced(overview)
    ]
    published = {"published_in": PUBLISHED_IN, "published_conditions": PUBLISHED_CONDITIONS}
    return {"benchmarks": overview.benchmarks, "rows": rows, **(published if overview.published else {})}


def _overview_table(overview: Overview) -> str:
    """Write all benchmarks side by side; a single one has no average."""
    is_several = len(overview.benchmarks) > 1
    names = ["accuracy of", "source", *overview.benchmarks, *(["average"] if is_several else [])]
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for row, source in _sourced(overview):
        shares = [row.accuracy.get(place) for place in range(len(overview.benchmarks))]
        shares += [row.average] if is_several else []
        values = [row.name, source, *("–" if share is None else f"{share:.1%}" for share in shares)]
        lines.append(f"| {' | '.join(values)} |")
    if overview.published:
        lines += [
            "",
            f"Figures whose source is *published* are not measured here: they stand in {PUBLISHED_IN}, "
            f"{PUBLISHED_CONDITIONS}.",
        ]
        if is_several:
            lines[-1] += (
                " A published average is that of the paper's six benchmarks, any other that of this table."
            )
    return "\n".join(lines) + "\n"


def _effort_table(run: MeasuredRun) -> str:
    """Write how many questions each strategy answered, and what that took."""
    names = ["strategy", "N", "items", "questions counted", "tokens read per item"]
    names += ["cost", "cost per 1,000 items"] if run.is_priced else []
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for cell in run.cells:
        report = cell.report
        values = [report.strategy, report.candidates, report.items, report.counted]
        values.append(f"{report.input_tokens / report.items:.0f}")
        if run.is_priced:
            cost = cell.cost
            values += ["–"] * 2 if cost is None else [f"{cost:.4g}", f"{1000 * cost / report.items:.4g}"]
        lines.append(f"| {' | '.join(map(str, values))} |")
    return "\n".join(lines) + "\n"


def _rows(cell: MeasuredCell) -> Iterator[dict[str, Any]]:
    report = cell.report
    options = _write_options(report.options)
    named: dict[str, Any] = {"benchmark": report.benchmark, "options": options, "model": report.model}
    named |= {"strategy": cell.run.strategy, "judge": report.judge or "", "candidates": report.candidates}
    temperature = "" if report.temperature is None else report.temperature
    named |= {"temperature": temperature, "source": _MEASURED}
    whole = {**named, "items": report.items, "counted": report.counted, "accuracy": report.accuracy}
    whole |= {"low": report.interval.low, "high": report.interval.high, "unread": report.unread}
    whole |= {"input_tokens": report.input_tokens, "output_tokens": report.tokens, "seconds": report.seconds}
    if paired := report.paired:
        whole |= {"against": paired.against, "difference": paired.difference, "gained": paired.gained}
        whole |= {"lost": paired.lost, "p_value": paired.p_value}
    if cell.cost is not None:
        whole["cost"] = cell.cost
    yield whole | dict(report.further)
    for skill, skilled in report.by_skill.items():
        yield {**named, "skill": skill, **_group(skilled)}
    for kind, found in report.by_kind.items():
        yield {**named, "skill": found.skill, "kind": kind, **_group(found)}


def _published_rows(run: MeasuredRun) -> Iterator[dict[str, Any]]:
    heading = run.run.heading
    score = published_score(heading.benchmark) or "accuracy"
    for model, share in published_on(heading.benchmark, heading.options).items():
        options = _write_options(heading.options)
        named = {"benchmark": heading.benchmark, "options": options, "model": model}
        yield {**named, "source": _PUBLISHED, score: share}


def _write_options(options: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in options.items())


def _group(found: GroupAccuracy) -> dict[str, Any]:
    low, high = wilson_interval(found.accuracy * found.items, found.items)
    return {"counted": found.items, "accuracy": found.accuracy, "low": low, "high": high}
