"""What the page shows of one benchmark."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from langchain_llava_o1.evaluation.accuracy import AccuracyReport, GroupAccuracy
from langchain_llava_o1.evaluation.published import published_on, published_score
from langchain_llava_o1.evaluation.results.charts import Chart, draw_charts
from langchain_llava_o1.evaluation.results.disagreements import ShownItem
from langchain_llava_o1.evaluation.results.measured_run import MeasuredCell, MeasuredRun
from langchain_llava_o1.evaluation.results.radar import Radar, draw_radar


@dataclass(frozen=True)
class Row:
    """A strategy in the table.

    Attributes:
        cell: What it did.
        series: Number of the strategy, which its colour and mark follow.
    """

    cell: MeasuredCell
    series: int


@dataclass(frozen=True)
class Bar:
    """What a strategy made of some of the questions.

    Attributes:
        row: The strategy.
        found: Its accuracy on them.
    """

    row: Row
    found: GroupAccuracy


@dataclass(frozen=True)
class Group:
    """Questions of a kind, or that need the same skill.

    Attributes:
        name: What the kind or the skill is called.
        bars: The strategies that answered some of them.
        skill: What a kind needs.
    """

    name: str
    bars: tuple[Bar, ...]
    skill: str = ""

    @property
    def items(self) -> int:
        """How many questions there are."""
        return max(bar.found.items for bar in self.bars)


@dataclass(frozen=True)
class Choice:
    """What items can be narrowed down to.

    Attributes:
        name: The class of the items that stay.
        label: What it is, in words.
        count: How many items stay.
    """

    name: str
    label: str
    count: int


@dataclass(frozen=True)
class Section:
    """A benchmark in the page.

    Attributes:
        key: Tells its elements from those of others.
        run: The benchmark.
        rows: The strategies.
        published: Published scores, by what answered.
        published_score: Which of the further scores that is; None where it is the accuracy.
        further: Names of the scores of the benchmark's own tables.
        skills: What questions need; none where they would say what the kinds say.
        kinds: Kinds of question.
        radar: Accuracy by skill; None where there is nothing to draw.
        charts: Accuracy against what it takes.
        items: Items on which strategies disagree.
        comparisons: What they can be narrowed down to by who did better.
        kind_choices: What they can be narrowed down to by kind.
    """

    key: str
    run: MeasuredRun
    rows: tuple[Row, ...]
    published: Mapping[str, float]
    published_score: str | None
    further: tuple[str, ...]
    skills: tuple[Group, ...]
    kinds: tuple[Group, ...]
    radar: Radar | None
    charts: tuple[Chart, ...]
    items: tuple[ShownItem, ...]
    comparisons: tuple[Choice, ...]
    kind_choices: tuple[Choice, ...]

    @property
    def legend(self) -> dict[int, str]:
        """The strategies by the number that their colour and mark follow."""
        return {row.series: row.cell.run.name for row in self.rows}

    def series_of(self, cell: MeasuredCell) -> int:
        """Return the number of a strategy, which its colour and mark follow."""
        return next(row.series for row in self.rows if row.cell is cell)

    @property
    def rules(self) -> list[str]:
        """The style by which a choice hides the other items, and says where none is left."""
        section = f".llava-o1 #{self.key}"
        choices = [*self.comparisons, *self.kind_choices]
        rules = [
            f"{section}:has(#{self.key}-{choice.name}:checked) .item:not(.{choice.name}) {{ display: none; }}"
            for choice in choices
        ]
        rules += [
            f"{section}:has(#{self.key}-{one.name}:checked):has(#{self.key}-{other.name}:checked) .none-left "
            "{ display: block; }"
            for one, other in product(self.comparisons, self.kind_choices)
            if not any({one.name, other.name} <= set(item.classes) for item in self.items)
        ]
        return rules


def create_section(
    run: MeasuredRun, *, key: str, series: Sequence[str], items: Sequence[ShownItem]
) -> Section:
    """Lay out what the page shows of a benchmark.

    Args:
        run: The benchmark.
        key: Tells its elements from those of others.
        series: Names of all strategies of the page, in the order of their colours.
        items: Items on which strategies disagree.
    """
    rows = tuple(Row(cell, series.index(cell.run.name)) for cell in run.cells)
    by_kind = _shown_by_kind(rows)
    searching = [row.cell for row in by_kind if not row.cell.run.is_baseline]
    return Section(
        key=key,
        run=run,
        rows=rows,
        published=published_on(run.run.heading.benchmark, run.run.heading.options),
        published_score=published_score(run.run.heading.benchmark),
        further=tuple(dict.fromkeys(name for report in run.reports for name in report.further)),
        skills=_skills(by_kind),
        kinds=_kinds(by_kind),
        radar=draw_radar(searching, series),
        charts=tuple(draw_charts(run, series)),
        items=tuple(items),
        comparisons=_comparisons(run, items),
        kind_choices=_kind_choices(items),
    )


def _shown_by_kind(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return each strategy with its most candidates."""
    return tuple({row.cell.run.name: row for row in rows}.values())


def _skills(rows: Sequence[Row]) -> tuple[Group, ...]:
    if not any(row.cell.report.has_skill_groups for row in rows):
        return ()
    names = sorted({name for row in rows for name in row.cell.report.by_skill})
    return tuple(Group(name, _bars(rows, lambda report: report.by_skill, name)) for name in names)


def _kinds(rows: Sequence[Row]) -> tuple[Group, ...]:
    skills = {name: found.skill for row in rows for name, found in row.cell.report.by_kind.items()}
    return tuple(
        Group(name, _bars(rows, lambda report: report.by_kind, name), skill) for name, skill in skills.items()
    )


def _bars(
    rows: Sequence[Row], read: Callable[[AccuracyReport], Mapping[str, GroupAccuracy]], name: str
) -> tuple[Bar, ...]:
    """Return what the strategies made of a group that they met; a run may have been cut short before it."""
    tables = [(row, read(row.cell.report)) for row in rows]
    return tuple(Bar(row, table[name]) for row, table in tables if name in table)


def _comparisons(run: MeasuredRun, items: Sequence[ShownItem]) -> tuple[Choice, ...]:
    counts = Counter(name for item in items for name in item.classes)
    found = []
    for place, cell in enumerate(run.cells):
        for word in ("better", "worse"):
            name = f"{word}-{place}"
            if counts[name]:
                found.append(Choice(name, f"{cell.run.label} {word}", counts[name]))
    return tuple(found)


def _kind_choices(items: Sequence[ShownItem]) -> tuple[Choice, ...]:
    counts = Counter((item.kind, item.outcome.kind) for item in items)
    return tuple(Choice(f"kind-{number}", kind, count) for (number, kind), count in sorted(counts.items()))
