"""What the page shows of one benchmark."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from langchain_llava_o1.data.annotation.spending import Price
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
        cost: What its tokens cost; None without prices.
    """

    cell: MeasuredCell
    series: int
    cost: float | None


@dataclass(frozen=True)
class Kind:
    """A kind of question.

    Attributes:
        name: What it is called.
        skill: What it needs.
        items: How many there are.
        rows: The strategies that are shown by kind.
    """

    name: str
    skill: str
    items: int
    rows: tuple[Row, ...]


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
    kinds: tuple[Kind, ...]
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
    run: MeasuredRun, *, key: str, series: Sequence[str], price: Price | None, items: Sequence[ShownItem]
) -> Section:
    """Lay out what the page shows of a benchmark.

    Args:
        run: The benchmark.
        key: Tells its elements from those of others.
        series: Names of all strategies of the page, in the order of their colours.
        price: What tokens cost; None leaves money out.
        items: Items on which strategies disagree.
    """
    rows = tuple(
        Row(cell, series.index(cell.run.name), cell.cost_at(price) if price else None) for cell in run.cells
    )
    by_kind = _shown_by_kind(rows)
    searching = [row.cell for row in by_kind if not row.cell.run.is_baseline]
    return Section(
        key=key,
        run=run,
        rows=rows,
        published=published_on(run.run.heading.benchmark, run.run.heading.options),
        published_score=published_score(run.run.heading.benchmark),
        further=tuple(dict.fromkeys(name for report in run.reports for name in report.further)),
        kinds=_kinds(by_kind),
        radar=draw_radar(searching, series),
        charts=tuple(draw_charts(run, series, price)),
        items=tuple(items),
        comparisons=_comparisons(run, items),
        kind_choices=_kind_choices(items),
    )


def _shown_by_kind(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return each strategy with its most candidates."""
    return tuple({row.cell.run.name: row for row in rows}.values())


def _kinds(rows: Sequence[Row]) -> tuple[Kind, ...]:
    kinds: dict[str, Kind] = {}
    for row in rows:
        for name, found in row.cell.report.by_kind.items():
            known = kinds.get(name, Kind(name, found.skill, found.items, ()))
            items = max(known.items, found.items)
            kinds[name] = Kind(name, known.skill, items, (*known.rows, row))
    return tuple(kinds.values())


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
