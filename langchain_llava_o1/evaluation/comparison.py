"""Strategies side by side: the same items answered by each, with several numbers of candidates.

Every answer is written to a file as it comes, so that a comparison that was interrupted goes on where it was.
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from langchain_core.language_models import BaseChatModel

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.accuracy import AccuracyReport, summarize
from langchain_llava_o1.evaluation.answers import Answered, answer_items, create_answer, name_of, warm_up
from langchain_llava_o1.evaluation.benchmark import Benchmark
from langchain_llava_o1.evaluation.item import DamagedItemError
from langchain_llava_o1.evaluation.outcome import Outcome, Unit, unite
from langchain_llava_o1.evaluation.paired import compare_paired
from langchain_llava_o1.search.catalogue import Judging, find_search
from langchain_llava_o1.search.strategy import Strategy


class Cell(NamedTuple):
    """One line of the table: a search, by name, with a number of candidates."""

    search: str
    candidates: int


@dataclass(frozen=True)
class ComparisonSettings:
    """What all cells have in common.

    Attributes:
        benchmark: What is asked.
        seed: First item.
        items: How many items each cell answers.
        judge: What decides between candidates where a search takes any judge; None for its own default.
        settings: Settings of the searches, by name, where they are not the defaults; each search takes those
            that it has.
    """

    benchmark: Benchmark
    seed: int
    items: int
    judge: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def heading(self, model: BaseChatModel) -> dict[str, Any]:
        """Return what answers in one file have in common; more items may be asked for later."""
        benchmark = self.benchmark
        return {
            "benchmark": benchmark.name,
            **benchmark.options,
            "judge": self.judge,
            "context": dict(self.settings),
            "seed": self.seed,
            "model": name_of(model),
        }


class _Record(NamedTuple):
    outcome: Outcome
    seconds: float


class OutcomeLog:
    """The file of a comparison: what all answers have in common, then a line for each."""

    def __init__(self, path: Path, heading: dict[str, Any]) -> None:
        """Open a file, or begin one.

        Raises:
            ConfigurationError: If the file belongs to a comparison of something else.
        """
        self._path = path
        self._records: dict[Cell, dict[int, _Record]] = {}
        content = path.read_bytes() if path.exists() else b""
        # A line that was cut off when the program was killed is answered again.
        end = content.rfind(b"\n") + 1
        if _line(heading).startswith(content):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_line(heading))
            return
        try:
            lines = content[:end].decode().split("\n")[:-1]
            found, *answers = map(json.loads, lines or [content.decode()])
            if found == heading:
                for fields in answers:
                    self._keep(fields)
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                f"{path} cannot be read ({error}). Name another folder, or delete that file."
            ) from error
        if found != heading:
            raise ConfigurationError(
                f"{path} belongs to another comparison ({found}, not {heading}). "
                "Name another folder, or delete that file."
            )
        if end < len(content):
            with path.open("r+b") as file:
                file.truncate(end)

    def _keep(self, fields: dict[str, Any]) -> None:
        cell = Cell(fields.pop("strategy"), fields.pop("candidates"))
        seconds = fields.pop("seconds")
        outcome = Outcome.from_json(fields)
        self._records.setdefault(cell, {})[outcome.number] = _Record(outcome, seconds)

    def of(self, cell: Cell, numbers: Iterable[int]) -> list[_Record]:
        """Return what is known of a cell's items."""
        known = self._records.get(cell, {})
        return [known[number] for number in numbers if number in known]

    def add(self, cell: Cell, answered: Answered, seconds: float) -> None:
        """Write down an answer, and the seconds since the one before."""
        outcome = answered.outcome
        self._records.setdefault(cell, {})[outcome.number] = _Record(outcome, seconds)
        fields = {"strategy": cell.search, "candidates": cell.candidates, "seconds": round(seconds, 4)}
        self._append(fields | outcome.as_json())

    def _append(self, fields: dict[str, Any]) -> None:
        with self._path.open("ab") as file:
            file.write(_line(fields))


def _line(fields: dict[str, Any]) -> bytes:
    return (json.dumps(fields, ensure_ascii=False) + "\n").encode()


def plan_cells(searches: Sequence[str], candidates: Sequence[int]) -> list[Cell]:
    """List the cells of a comparison; searches without candidates to choose from have one each.

    Raises:
        ConfigurationError: If there is no search of a name.
    """
    return [
        Cell(search, number)
        for search in dict.fromkeys(searches)
        for number in (dict.fromkeys(candidates) if find_search(search).has_candidates else [1])
    ]


def plan_strategies(
    model: BaseChatModel, cells: Sequence[Cell], settings: ComparisonSettings
) -> dict[Cell, Strategy]:
    """Say how each cell answers: with those of the settings that its search has.

    Raises:
        ConfigurationError: If a setting is none of any search's, or has a value that it cannot have.
    """
    names: dict[Cell, frozenset[str]] = {}
    strategies = {}
    for cell in cells:
        entry = find_search(cell.search)
        judge = settings.judge if entry.judging is Judging.ANY else None
        names[cell] = Strategy(cell.search, judge).settings_known_to(model)
        given = {"candidates": cell.candidates, **settings.settings}
        own = {name: given[name] for name in given if name in names[cell] and name not in entry.preset}
        strategies[cell] = Strategy(cell.search, judge, own)
    known = frozenset[str]().union(*names.values())
    if unknown := sorted(settings.settings.keys() - known):
        raise ConfigurationError(
            f"None of these strategies has a setting {', '.join(map(repr, unknown))}; "
            f"they have {', '.join(sorted(known))}."
        )
    for strategy in strategies.values():
        strategy.build(model)
    return strategies


async def compare(
    model: BaseChatModel,
    cells: Sequence[Cell],
    settings: ComparisonSettings,
    *,
    log_path: Path,
    concurrency: int,
    report: Callable[[Cell, Answered], None] = lambda cell, answered: None,
    report_damage: Callable[[DamagedItemError], None] = lambda damage: None,
) -> list[AccuracyReport]:
    """Answer the same items in each cell.

    Args:
        model: The chat model that answers and, in a search, judges.
        cells: Searches and numbers of candidates.
        settings: What they have in common.
        log_path: The file that answers are written to; what it holds already is not done again.
        concurrency: Questions under way at once.
        report: Called as each item is done.
        report_damage: Called for each item that cannot be read; the others go on.

    Returns:
        A report of each cell, in their order; all but the first are paired with the first.

    Raises:
        ConfigurationError: If the file belongs to a comparison of something else, the benchmark has too few
            items, or a setting is none of any search's.
    """
    strategies = plan_strategies(model, cells, settings)
    benchmark = settings.benchmark
    numbers = benchmark.numbers(settings.seed, settings.items)
    log = OutcomeLog(log_path, settings.heading(model))
    reports: list[AccuracyReport] = []
    first_units: dict[str, Unit] = {}
    for cell, strategy in strategies.items():
        known = {record.outcome.number for record in log.of(cell, numbers)}
        missing = [number for number in numbers if number not in known]
        if missing:
            answer = create_answer(model, strategy)
            await warm_up(answer, benchmark, settings.seed)
            watch = _Stopwatch()

            def keep(answered: Answered, cell: Cell = cell, watch: _Stopwatch = watch) -> None:
                log.add(cell, answered, watch.lap())
                report(cell, answered)

            await answer_items(
                answer,
                benchmark,
                missing,
                concurrency=concurrency,
                report=keep,
                report_damage=report_damage,
            )
        records = log.of(cell, numbers)
        measured = summarize(
            [record.outcome for record in records],
            model=model,
            benchmark=benchmark,
            strategy=strategy,
            seed=settings.seed,
            seconds=sum(record.seconds for record in records),
        )
        units = unite([record.outcome for record in records])
        if reports:
            both = [name for name in first_units if name in units]
            paired = compare_paired(
                [units[name].score for name in both],
                [first_units[name].score for name in both],
                reports[0].name,
            )
            measured = replace(measured, paired=paired)
        else:
            first_units = units
        reports.append(measured)
    return reports


class _Stopwatch:
    def __init__(self) -> None:
        self._last = time.perf_counter()

    def lap(self) -> float:
        """Return the seconds since the last lap."""
        last, self._last = self._last, time.perf_counter()
        return self._last - last


def comparison_table(reports: Sequence[AccuracyReport]) -> str:
    """Write reports as two Markdown tables: accuracy with what it took, and accuracy by kind of question."""
    first = reports[0]
    lines = [
        f"| strategy | judge | N | accuracy | 95 % interval | points over {first.name} | McNemar p "
        "| tokens per item | seconds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for report in reports:
        paired = report.paired
        beside = f"{paired.difference * 100:+.1f} | {_p_value(paired.p_value)}" if paired else "– | –"
        lines.append(
            f"| {report.strategy} | {report.judge or 'default'} | {report.candidates} "
            f"| {report.accuracy:.1%} | {report.interval.low:.1%} to {report.interval.high:.1%} | {beside} "
            f"| {report.tokens / report.items:.0f} | {report.seconds:.0f} |"
        )
    return "\n".join(lines) + "\n\n" + kind_table(reports)


def kind_table(reports: Sequence[AccuracyReport]) -> str:
    """Write the accuracy on each kind of question, of each strategy with its most candidates, as Markdown."""
    shown = list({report.strategy: report for report in reports}.values())
    names = [report.name for report in shown]
    lines = [
        f"| skill | kind of question | items | {' | '.join(names)} |",
        f"|---|---|---|{'---|' * len(names)}",
    ]
    for kind, found in shown[0].by_kind.items():
        shares = " | ".join(f"{report.by_kind[kind].accuracy:.1%}" for report in shown)
        lines.append(f"| {found.skill or '–'} | {kind} | {found.items} | {shares} |")
    return "\n".join(lines) + "\n"


def _p_value(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
