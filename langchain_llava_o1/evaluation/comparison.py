"""Strategies side by side: the same items answered by each, with several numbers of candidates.

Every answer is written to a file as it comes, so that a comparison that was interrupted goes on where it was.
"""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from langchain_core.language_models import BaseChatModel

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation import JudgeName, Strategy
from langchain_llava_o1.evaluation.accuracy import (
    AccuracyReport,
    Outcome,
    answer_items,
    summarize,
    warm_up,
)
from langchain_llava_o1.evaluation.strategies import StrategySettings, create_answer, known_settings


class Cell(NamedTuple):
    """One line of the table: a strategy with a number of candidates."""

    strategy: Strategy
    candidates: int


@dataclass(frozen=True)
class ComparisonSettings:
    """What all cells have in common.

    Attributes:
        difficulty: Of the pictures.
        judge: What decides between candidates where a strategy may choose; None for its own default.
        context: Settings of the searches, by name, where they are not the defaults; each strategy takes
            those that it has.
        seed: First item.
        items: How many items each cell answers.
    """

    difficulty: Difficulty
    judge: JudgeName | None
    context: dict[str, Any]
    seed: int
    items: int


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
        cell = Cell(Strategy(fields.pop("strategy")), fields.pop("candidates"))
        seconds = fields.pop("seconds")
        outcome = Outcome(**fields)
        self._records.setdefault(cell, {})[outcome.number] = _Record(outcome, seconds)

    def of(self, cell: Cell, numbers: Iterable[int]) -> list[_Record]:
        """Return what is known of a cell's items."""
        known = self._records.get(cell, {})
        return [known[number] for number in numbers if number in known]

    def add(self, cell: Cell, outcome: Outcome, seconds: float) -> None:
        """Write down an answer, and the seconds since the one before."""
        self._records.setdefault(cell, {})[outcome.number] = _Record(outcome, seconds)
        fields = {"strategy": cell.strategy, "candidates": cell.candidates, "seconds": round(seconds, 4)}
        self._append(fields | asdict(outcome))

    def _append(self, fields: dict[str, Any]) -> None:
        with self._path.open("ab") as file:
            file.write(_line(fields))


def _line(fields: dict[str, Any]) -> bytes:
    return (json.dumps(fields, ensure_ascii=False) + "\n").encode()


def plan_cells(strategies: Sequence[Strategy], candidates: Sequence[int]) -> list[Cell]:
    """List the cells of a comparison; strategies without candidates to choose from have one each."""
    return [
        Cell(strategy, number)
        for strategy in dict.fromkeys(strategies)
        for number in (dict.fromkeys(candidates) if strategy.is_search else [1])
    ]


async def compare(
    model: BaseChatModel,
    cells: Sequence[Cell],
    settings: ComparisonSettings,
    *,
    log_path: Path,
    concurrency: int,
    report_outcome: Callable[[Cell, Outcome], None] = lambda cell, outcome: None,
) -> list[AccuracyReport]:
    """Answer the same items in each cell.

    Args:
        model: The chat model that answers and, in a search, judges.
        cells: Strategies and numbers of candidates.
        settings: What they have in common.
        log_path: The file that answers are written to; what it holds already is not done again.
        concurrency: Questions under way at once.
        report_outcome: Called as each item is done.

    Raises:
        ConfigurationError: If the file belongs to a comparison of something else, or a setting is none of any
            strategy's.
    """
    names = {
        name
        for cell in cells
        for name in known_settings(
            model, cell.strategy, settings.judge if cell.strategy.takes_any_judge else None
        )
    }
    if unknown := sorted(set(settings.context) - names):
        raise ConfigurationError(
            f"None of these strategies has a setting {', '.join(map(repr, unknown))}; "
            f"they have {', '.join(sorted(names))}."
        )
    heading = asdict(settings) | {"model": str(getattr(model, "model", type(model).__name__))}
    # More items may be asked for later.
    del heading["items"]
    log = OutcomeLog(log_path, heading)
    numbers = range(settings.seed, settings.seed + settings.items)
    reports = []
    for cell in cells:
        strategy_settings = _strategy_settings(model, cell, settings)
        known = {record.outcome.number for record in log.of(cell, numbers)}
        missing = [number for number in numbers if number not in known]
        if missing:
            answer = create_answer(model, strategy_settings)
            await warm_up(answer, settings.difficulty, settings.seed)
            watch = _Stopwatch()

            def keep(outcome: Outcome, cell: Cell = cell, watch: _Stopwatch = watch) -> None:
                log.add(cell, outcome, watch.lap())
                report_outcome(cell, outcome)

            await answer_items(
                answer, missing, settings.difficulty, concurrency=concurrency, report_outcome=keep
            )
        records = log.of(cell, numbers)
        reports.append(
            summarize(
                [record.outcome for record in records],
                model=model,
                settings=strategy_settings,
                difficulty=settings.difficulty,
                seed=settings.seed,
                seconds=sum(record.seconds for record in records),
            )
        )
    return reports


class _Stopwatch:
    def __init__(self) -> None:
        self._last = time.perf_counter()

    def lap(self) -> float:
        """Return the seconds since the last lap."""
        last, self._last = self._last, time.perf_counter()
        return self._last - last


def _strategy_settings(model: BaseChatModel, cell: Cell, settings: ComparisonSettings) -> StrategySettings:
    judge = settings.judge if cell.strategy.takes_any_judge else None
    known = known_settings(model, cell.strategy, judge)
    given = {"candidates": cell.candidates, **settings.context}
    return StrategySettings(
        cell.strategy, judge, {name: value for name, value in given.items() if name in known}
    )


def comparison_table(reports: Sequence[AccuracyReport]) -> str:
    """Write reports as a Markdown table."""
    lines = [
        "| strategy | judge | N | accuracy | 95 % interval | tokens per item | seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {report.strategy} | {report.judge or 'default'} | {report.candidates} | {report.accuracy:.1%} "
        f"| {report.interval.low:.1%} to {report.interval.high:.1%} "
        f"| {report.tokens / report.items:.0f} | {report.seconds:.0f} |"
        for report in reports
    ]
    return "\n".join(lines) + "\n"
