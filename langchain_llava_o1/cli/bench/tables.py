"""What a measurement of accuracy writes, while it runs and at its end."""

import json
import time
from typing import TYPE_CHECKING

from langchain_llava_o1.cli.output import write_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_llava_o1.evaluation.accuracy import AccuracyReport, GroupAccuracy
    from langchain_llava_o1.evaluation.item import DamagedItemError
    from langchain_llava_o1.evaluation.outcome import Outcome


class Counter:
    """Says on standard error how far the measurement is, and about how long it goes on."""

    def __init__(self, items: int, heading: str = "") -> None:
        """Count up to so many items; the heading begins each line."""
        self._items = items
        self._heading = heading
        self._step = max(1, items // 20)
        self._done = 0
        self._score = 0.0
        self._began: float | None = None

    def add(self, outcome: "Outcome") -> None:
        """Count an item that was answered."""
        self._done += 1
        self._score += outcome.score
        now = time.monotonic()
        self._began = now if self._began is None else self._began
        if self._done % self._step and self._done != self._items:
            return
        said = f"{self._heading}{self._done}/{self._items} answered, {self._score / self._done:.1%} right"
        left = self._items - self._done
        if left and self._done > 1:
            said += f", {_say_time((now - self._began) / (self._done - 1) * left)} left"
        write_error(said)


def _say_time(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return "under a minute"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def say_damage(damage: "DamagedItemError") -> None:
    """Say on standard error which item cannot be read."""
    write_error(f"{damage} It is left out.")


def accuracy_table(report: "AccuracyReport") -> str:
    """Write a report for people."""
    low, high = report.interval
    lines = [
        f"{report.asked}, {report.strategy}"
        f"{f', {report.judge} judge' if report.judge else ''}, "
        f"{report.candidates} candidate(s), {report.items} items",
        *([f"model     {report.origin}"] if report.origin else []),
        f"accuracy  {report.accuracy:.1%}  (95 % interval {low:.1%} to {high:.1%})",
        f"time      {report.seconds:.1f} s",
        f"tokens    {report.tokens} generated, {report.input_tokens} read",
    ]
    if report.unread:
        lines.append(f"unread    {report.unread}, counted as wrong")
    if report.further:
        lines += ["scores of the benchmark", *_score_lines(report.further)]
    if report.has_skill_groups:
        lines += ["by skill", *_group_lines(report.by_skill)]
    if report.further or report.has_skill_groups:
        lines.append("by kind of question")
    lines += _group_lines(report.by_kind)
    return "\n".join(lines) + "\n"


def _group_lines(groups: "Mapping[str, GroupAccuracy]") -> list[str]:
    return [f"  {name:<12} {found.accuracy:6.1%} of {found.items}" for name, found in groups.items()]


def _score_lines(scores: "Mapping[str, float]") -> list[str]:
    width = max(map(len, scores))
    return [f"  {name:<{width}} {score:6.1%}" for name, score in scores.items()]


def turns_table(alone: "AccuracyReport", later: "AccuracyReport", turns: int, *, is_json: bool) -> str:
    """Write what an item's question came to when asked alone, and at the end of a conversation."""
    points = (later.accuracy - alone.accuracy) * 100
    if is_json:
        reports = {"turns": turns, "alone": alone.as_json(), "in_conversation": later.as_json()}
        return json.dumps({**reports, "difference_in_points": round(points, 2)}) + "\n"
    return (
        f"Asked alone:\n{accuracy_table(alone)}\n"
        f"As question {turns} of a conversation:\n{accuracy_table(later)}\n"
        f"difference  {points:+.1f} points\n"
    )
