"""Accuracy by skill as a radar: an axis for each skill, a polygon for each strategy."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from langchain_llava_o1.evaluation.accuracy import GroupAccuracy
from langchain_llava_o1.evaluation.results.measured_run import MeasuredCell

WIDTH, HEIGHT = 460, 320
_CENTRE_X, _CENTRE_Y, _RADIUS = 230.0, 160.0, 112.0
_LABEL_DISTANCE = 12
_LINE_HEIGHT = 13
_MOST_LETTERS = 12
_LEAST_AXES, _MOST_AXES = 3, 14
_RINGS = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Axis:
    """An axis with its name.

    Attributes:
        x: Outer end, from the left.
        y: Outer end, from above.
        label_x: Where its name is.
        label_y: Where the first line of its name is.
        anchor: What of the name is there: "start", "middle" or "end".
        lines: The name, in lines.
    """

    x: float
    y: float
    label_x: float
    label_y: float
    anchor: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Polygon:
    """A strategy.

    Attributes:
        series: Number of the strategy, which its colour follows.
        name: The strategy.
        points: Its corners, as SVG writes them.
    """

    series: int
    name: str
    points: str


@dataclass(frozen=True)
class Ring:
    """A line of equal accuracy.

    Attributes:
        points: Its corners, as SVG writes them.
        label: The accuracy.
        label_y: Where that is written.
    """

    points: str
    label: str
    label_y: float


@dataclass(frozen=True)
class Radar:
    """A drawing of accuracy by skill."""

    axes: tuple[Axis, ...]
    rings: tuple[Ring, ...]
    polygons: tuple[Polygon, ...]


def draw_radar(cells: Sequence[MeasuredCell], series: Sequence[str]) -> Radar | None:
    """Draw the accuracy by skill or, where there are too few skills, by kind of question.

    Args:
        cells: The strategies to draw.
        series: Names of all strategies, in the order of their colours.

    Returns:
        The drawing; None where there are too few axes, or too many to read.
    """
    if not cells:
        return None
    tables: list[Mapping[str, GroupAccuracy]] = [cell.report.by_skill for cell in cells]
    if len(tables[0]) < _LEAST_AXES:
        tables = [cell.report.by_kind for cell in cells]
    names = list(tables[0])
    if not _LEAST_AXES <= len(names) <= _MOST_AXES:
        return None
    polygons = tuple(
        Polygon(
            series.index(cell.run.name),
            cell.run.label,
            _corners([table[name].accuracy if name in table else 0.0 for name in names]),
        )
        for cell, table in zip(cells, tables, strict=True)
    )
    rings = tuple(
        Ring(_corners([share] * len(names)), f"{share:.0%}", _place(0, len(names), share)[1])
        for share in _RINGS
    )
    return Radar(tuple(_axis(name, place, len(names)) for place, name in enumerate(names)), rings, polygons)


def _place(axis: int, num_axes: int, share: float, further: float = 0) -> tuple[float, float]:
    angle = 2 * math.pi * axis / num_axes
    reach = share * _RADIUS + further
    return round(_CENTRE_X + reach * math.sin(angle), 1), round(_CENTRE_Y - reach * math.cos(angle), 1)


def _corners(shares: Sequence[float]) -> str:
    places = [_place(axis, len(shares), share) for axis, share in enumerate(shares)]
    return " ".join(f"{x},{y}" for x, y in places)


def _axis(name: str, place: int, num_axes: int) -> Axis:
    x, y = _place(place, num_axes, 1)
    label_x, label_y = _place(place, num_axes, 1, _LABEL_DISTANCE)
    across = (label_x - _CENTRE_X) / (_RADIUS + _LABEL_DISTANCE)
    up = (_CENTRE_Y - label_y) / (_RADIUS + _LABEL_DISTANCE)
    anchor = "middle" if abs(across) < 0.15 else "start" if across > 0 else "end"
    lines = _wrap(name)
    # The name lies above an axis that points up, below one that points down, and beside the others.
    first = label_y - (len(lines) - 1) * _LINE_HEIGHT * (up + 1) / 2 + (1 - up) * 4
    return Axis(x, y, label_x, round(first, 1), anchor, lines)


def _wrap(name: str) -> tuple[str, ...]:
    lines = [""]
    for word in name.split():
        shown = word if len(word) <= _MOST_LETTERS else f"{word[: _MOST_LETTERS - 1]}…"
        joined = f"{lines[-1]} {shown}".strip()
        if len(joined) <= _MOST_LETTERS:
            lines[-1] = joined
        else:
            lines.append(shown)
    return tuple(lines[:3])
