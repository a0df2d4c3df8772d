"""Accuracy against what it takes, as lines of a drawing: places in a box of ``WIDTH`` by ``HEIGHT``."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from langchain_llava_o1.evaluation.accuracy import AccuracyReport
from langchain_llava_o1.evaluation.results.measured_run import MeasuredCell, MeasuredRun

WIDTH, HEIGHT = 380, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 368, 12, 196
_MOST_TICKS = 7
_PADDING = 0.08


@dataclass(frozen=True)
class Tick:
    """A mark on an axis."""

    place: float
    label: str


@dataclass(frozen=True)
class Point:
    """An accuracy with its interval.

    Attributes:
        x: From the left.
        y: From above.
        low: Lower end of the interval, from above.
        high: Upper end.
        told: What it is, in a line.
    """

    x: float
    y: float
    low: float
    high: float
    told: str


@dataclass(frozen=True)
class Line:
    """The points of a strategy, from left to right.

    Attributes:
        series: Number of the strategy, which its colour and mark follow.
        name: The strategy.
        points: By number of candidates.
    """

    series: int
    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Level:
    """A baseline, which costs next to nothing and so has a height only.

    Attributes:
        series: Number of the strategy.
        name: The baseline.
        y: From above.
        told: What it is, in a line.
    """

    series: int
    name: str
    y: float
    told: str


@dataclass(frozen=True)
class Chart:
    """A drawing of accuracy against something.

    Attributes:
        title: Against what.
        x_ticks: Marks of the lower axis.
        y_ticks: Marks of the left axis, in percent.
        lines: The strategies.
        levels: The baselines.
    """

    title: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    levels: tuple[Level, ...]

    @property
    def places(self) -> set[float]:
        """Where there are points, from the left."""
        return {point.x for line in self.lines for point in line.points}


@dataclass(frozen=True)
class Measure:
    """What accuracy is drawn against.

    Attributes:
        title: What it is called.
        of: Reads it.
        is_counted: Whether the values themselves are the marks of its axis.
    """

    title: str
    of: Callable[[MeasuredCell], float]
    is_counted: bool = False


def draw_charts(run: MeasuredRun, series: Sequence[str]) -> list[Chart]:
    """Draw accuracy against candidates, tokens, seconds and, where tokens have a price, money.

    Args:
        run: A benchmark.
        series: Names of all strategies, in the order of their colours.
    """
    measures = [
        Measure("candidates (N)", lambda cell: cell.run.candidates, is_counted=True),
        Measure("tokens generated per item", lambda cell: cell.report.tokens / cell.report.items),
        Measure("seconds per item", lambda cell: cell.report.seconds / cell.report.items),
    ]
    if run.is_priced:
        measures.append(
            Measure("cost of 1,000 items", lambda cell: 1000 * (cell.cost or 0) / cell.report.items)
        )
    searching = [cell for cell in run.cells if not cell.run.is_baseline]
    drawn = [_draw(measure, run, searching, series) for measure in measures]
    # Of a single place along the axis nothing can be said.
    return [chart for chart in drawn if len(chart.places) > 1]


def _draw(
    measure: Measure, run: MeasuredRun, searching: Sequence[MeasuredCell], series: Sequence[str]
) -> Chart:
    # What took nothing, or was not counted, has no place on a scale of ratios.
    placed = [cell for cell in searching if measure.of(cell) > 0]
    values = [measure.of(cell) for cell in placed]
    across = _Across.of(values)
    up = _Up.of(run.reports)
    strategies = list(dict.fromkeys(cell.run.name for cell in placed))
    lines = []
    for name in strategies:
        own = sorted((cell for cell in placed if cell.run.name == name), key=lambda c: c.run.candidates)
        points = tuple(_point(measure, cell, across, up) for cell in own)
        lines.append(Line(series.index(name), name, points))
    levels = [
        Level(
            series.index(cell.run.name),
            cell.run.name,
            up.place(cell.report.accuracy),
            f"{cell.run.label}: {cell.report.accuracy:.1%}",
        )
        for cell in run.cells
        if cell.run.is_baseline
    ]
    marks = sorted(set(values)) if measure.is_counted else across.marks()
    ticks = tuple(Tick(across.place(mark), f"{mark:,.4g}") for mark in marks)
    return Chart(measure.title, ticks, up.ticks(), tuple(lines), tuple(levels))


def _point(measure: Measure, cell: MeasuredCell, across: "_Across", up: "_Up") -> Point:
    report = cell.report
    low, high = report.interval
    value = measure.of(cell)
    told = f"{cell.run.label}: {report.accuracy:.1%} ({low:.1%} to {high:.1%})"
    if not measure.is_counted:
        told += f", {measure.title}: {value:,.3g}"
    return Point(across.place(value), up.place(report.accuracy), up.place(low), up.place(high), told)


@dataclass(frozen=True)
class _Across:
    """The lower axis, a scale of ratios."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "_Across":
        if not values:
            return cls(1, 10)
        low, high = min(values), max(values)
        if high < 1.5 * low:
            low, high = low / 1.3, high * 1.3
        reach = (high / low) ** _PADDING
        return cls(low / reach, high * reach)

    def place(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(_LEFT + share * (_RIGHT - _LEFT), 1)

    def marks(self) -> list[float]:
        for steps in ((1, 2, 5), (1, 3), (1,)):
            marks = [mark for mark in _decades(self.low, self.high, steps) if self.low <= mark <= self.high]
            if len(marks) <= _MOST_TICKS:
                break
        if len(marks) >= 2:
            return marks
        step = _round_step((self.high - self.low) / 4)
        first = math.ceil(self.low / step)
        return [step * number for number in range(first, math.floor(self.high / step) + 1)]


@dataclass(frozen=True)
class _Up:
    """The left axis, in shares, as much of it as is needed."""

    low: float
    high: float
    step: float

    @classmethod
    def of(cls, reports: Iterable[AccuracyReport]) -> "_Up":
        intervals = [report.interval for report in reports]
        low, high = min(each.low for each in intervals), max(each.high for each in intervals)
        step = 0.2 if high - low > 0.5 else 0.1 if high - low > 0.2 else 0.05
        first, last = math.floor(low / step), math.ceil(high / step)
        return cls(max(0.0, first * step), min(1.0, max(last, first + 1) * step), step)

    def place(self, share: float) -> float:
        return round(_BOTTOM - (share - self.low) / (self.high - self.low) * (_BOTTOM - _TOP), 1)

    def ticks(self) -> tuple[Tick, ...]:
        count = round((self.high - self.low) / self.step)
        shares = [self.low + number * self.step for number in range(count + 1)]
        return tuple(Tick(self.place(share), f"{share:.0%}") for share in shares)


def _decades(low: float, high: float, steps: Sequence[int]) -> Iterable[float]:
    for exponent in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        for step in steps:
            yield step * 10.0**exponent


def _round_step(step: float) -> float:
    decade = 10.0 ** math.floor(math.log10(step))
    return next(each * decade for each in (1, 2, 5, 10) if each * decade >= step)
