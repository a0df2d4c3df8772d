"""The tables of a run as Markdown, CSV and JSON."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from langchain_llava_o1.evaluation.accuracy import GroupAccuracy, wilson_interval
from langchain_llava_o1.evaluation.comparison_table import comparison_table
from langchain_llava_o1.evaluation.results.grading_cost import GradingCost
from langchain_llava_o1.evaluation.results.measured_run import MeasuredCell, MeasuredRun

_COLUMNS = (
    "benchmark",
    "options",
    "model",
    "strategy",
    "judge",
    "candidates",
    "temperature",
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
    """Write the tables of each benchmark as Markdown, and what graders took."""
    parts = []
    for run in runs:
        tables = f"{comparison_table(run.reports)}\n{_effort_table(run)}"
        parts.append(f"### {run.asked}\n\n{tables}" if len(runs) > 1 else tables)
    return "\n".join([*parts, *([f"{grading}\n"] if grading else [])])


def write_csv(runs: Sequence[MeasuredRun]) -> str:
    """Write a line for each strategy on each benchmark, for each skill, and for each kind of question.

    The lines of a whole benchmark have an empty ``skill`` and an empty ``kind``, and a further column for
    each score of the benchmarks' own tables. Those of a skill have an empty ``kind`` alone.
    """
    further = dict.fromkeys(name for run in runs for report in run.reports for name in report.further)
    file = io.StringIO()
    writer = csv.DictWriter(file, [*_COLUMNS, *further], restval="", lineterminator="\n")
    writer.writeheader()
    for run in runs:
        for cell in run.cells:
            writer.writerows(_rows(cell))
    return file.getvalue()


def as_json(runs: Sequence[MeasuredRun], grading: GradingCost | None = None) -> dict[str, Any]:
    """Return the reports on all benchmarks as plain JSON data."""
    return {
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
    options = " ".join(f"{name}={value}" for name, value in report.options.items())
    named: dict[str, Any] = {"benchmark": report.benchmark, "options": options, "model": report.model}
    named |= {"strategy": cell.run.strategy, "judge": report.judge or "", "candidates": report.candidates}
    named |= {"temperature": "" if report.temperature is None else report.temperature}
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


def _group(found: GroupAccuracy) -> dict[str, Any]:
    low, high = wilson_interval(found.accuracy * found.items, found.items)
    return {"counted": found.items, "accuracy": found.accuracy, "low": low, "high": high}
