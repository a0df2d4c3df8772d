"""Strategies side by side: the same items answered by each, with several numbers of candidates."""

import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.accuracy import AccuracyReport, summarize
from langchain_llava_o1.evaluation.answers import answer_items, warm_up
from langchain_llava_o1.evaluation.benchmark import Benchmark
from langchain_llava_o1.evaluation.contender import BASELINES, PLAIN, Contender, Facts, Plain, SearchContender
from langchain_llava_o1.evaluation.item import DamagedItemError
from langchain_llava_o1.evaluation.outcome import Outcome, Unit, unite
from langchain_llava_o1.evaluation.outcome_log import Cell, LoggedOutcome, OutcomeLog
from langchain_llava_o1.evaluation.paired import compare_paired
from langchain_llava_o1.evaluation.provenance import Provenance, find_provenance
from langchain_llava_o1.evaluation.purse import Purse
from langchain_llava_o1.judges.chat_model import name_of
from langchain_llava_o1.search.catalogue import SINGLE_PASS, find_search
from langchain_llava_o1.search.strategy import Strategy

_BASELINE_SEARCH = "greedy"
"""What a baseline is asked by, if anything."""


@dataclass(frozen=True)
class ComparisonSettings:
    """What all cells have in common.

    Attributes:
        benchmark: What is asked.
        seed: First item.
        items: How many items each cell answers.
        judge: What decides between candidates in the searches that take such a judge; None for the default of
            each.
        settings: Settings of the searches, by name, where they are not the defaults; each search takes those
            that it has.
        base_url: Server of the model; None where none was named.
        continuation: How the model is asked to go on, where that was chosen; None for as its profile says.
    """

    benchmark: Benchmark
    seed: int
    items: int
    judge: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    base_url: str | None = None
    continuation: str | None = None

    def heading(self, model: BaseChatModel, provenance: Provenance) -> dict[str, Any]:
        """Return what answers in one file have in common; more items may be asked for later."""
        benchmark = self.benchmark
        top_p = getattr(model, "top_p", None)
        return {
            "benchmark": benchmark.name,
            **benchmark.options,
            "judge": self.judge,
            "context": dict(self.settings),
            "seed": self.seed,
            "model": name_of(model),
            **({"top_p": top_p} if top_p not in (None, 1.0) else {}),
            **({"continuation": self.continuation} if self.continuation else {}),
            **provenance.as_json(),
            **benchmark.resources.heading(),
        }


def plan_cells(
    searches: Sequence[str], candidates: Sequence[int], *, has_baselines: bool = False
) -> list[Cell]:
    """List the cells of a comparison; searches without candidates to choose from have one each.

    Args:
        searches: Names of searches, or "plain" for an answer without stages.
        candidates: How many candidates each one has, in turn.
        has_baselines: Whether the baselines follow.

    Raises:
        ConfigurationError: If there is no search of a name.
    """
    searching = [
        Cell(search, number)
        for search in dict.fromkeys(searches)
        for number in (dict.fromkeys(candidates) if _has_candidates(search) else [1])
    ]
    return [*searching, *(Cell(name, 1) for name in BASELINES if has_baselines)]


def _has_candidates(search: str) -> bool:
    return search != PLAIN and find_search(search).has_candidates


def plan_contenders(
    model: BaseChatModel, cells: Sequence[Cell], settings: ComparisonSettings
) -> dict[Cell, Contender]:
    """Say how each cell answers: searches with those of the settings that they have.

    Raises:
        ConfigurationError: If a setting is none of any search's, or has a value that it cannot have.
    """
    contenders: dict[Cell, Contender] = {}
    known: set[str] = set()
    for cell in cells:
        if cell.search in BASELINES:
            strategy, _ = _strategy(model, _BASELINE_SEARCH, 1, settings)
            contenders[cell] = BASELINES[cell.search](strategy)
            continue
        is_plain = cell.search == PLAIN
        search = SINGLE_PASS if is_plain else cell.search
        strategy, names = _strategy(model, search, cell.candidates, settings)
        contenders[cell] = Plain(strategy) if is_plain else SearchContender(strategy)
        known |= names
    if unknown := sorted(settings.settings.keys() - known):
        raise ConfigurationError(
            f"None of these strategies has a setting {', '.join(map(repr, unknown))}; "
            f"they have {', '.join(sorted(known))}."
        )
    for contender in contenders.values():
        contender.describe(model)
    return contenders


def _strategy(
    model: BaseChatModel, search: str, candidates: int, settings: ComparisonSettings
) -> tuple[Strategy, Set[str]]:
    """Return a search with those of the settings that it has, and the names of all that it could have."""
    entry = find_search(search)
    judge = entry.judged_by(settings.judge)
    names = Strategy(search, judge).settings_known_to(model)
    given = {"candidates": candidates, **settings.settings}
    own = {name: given[name] for name in given if name in names and name not in entry.preset}
    return Strategy(search, judge, own), names


async def count_earlier(
    model: BaseChatModel, cells: Sequence[Cell], settings: ComparisonSettings, *, folder: Path, purse: Purse
) -> None:
    """Count what the answers in a folder have cost, those that were not graded included.

    Before the first of several benchmarks is asked, this is done for all: none of them may spend what another
    one has spent in an earlier run.

    Args:
        model: The chat model that answers.
        cells: Searches and numbers of candidates.
        settings: What they have in common.
        folder: Where answers are written to.
        purse: Where it is counted.

    Raises:
        ConfigurationError: If the file belongs to a comparison of something else.
    """
    contenders = plan_contenders(model, cells, settings)
    numbers = settings.benchmark.numbers(settings.seed, settings.items)
    provenance = await find_provenance(model, settings.benchmark, settings.base_url)
    log = OutcomeLog(folder, settings.heading(model, provenance))
    for cell, outcomes in log.outcomes.items():
        if cell not in contenders or contenders[cell].asks_model:
            purse.count(outcomes)
    for cell, contender in contenders.items():
        if contender.asks_model:
            known = {logged.outcome.number for logged in log.of(cell, numbers)}
            purse.count(log.replies(cell, set(numbers) - known).ungraded.values())


async def compare(
    model: BaseChatModel,
    cells: Sequence[Cell],
    settings: ComparisonSettings,
    *,
    folder: Path,
    concurrency: int,
    purse: Purse | None = None,
    report_start: Callable[[Cell, int], None] = lambda cell, num_items: None,
    report: Callable[[Cell, Outcome], None] = lambda cell, outcome: None,
    report_damage: Callable[[DamagedItemError], None] = lambda damage: None,
) -> list[AccuracyReport]:
    """Answer the same items in each cell.

    Args:
        model: The chat model that answers and, in a search, judges.
        cells: Searches and numbers of candidates.
        settings: What they have in common.
        folder: Where answers are written to; those that it holds already are not asked for again.
        concurrency: Questions under way at once.
        purse: What answering may cost; None for any sum. Once it is spent, items are left unanswered.
            ``count_earlier`` counts what the folder holds already.
        report_start: Called before a cell answers, with how many items it has still to answer.
        report: Called as each item is done.
        report_damage: Called for each item that cannot be read; the others go on.

    Returns:
        A report of each cell with any answer, in their order; all but the first are paired with the first, on
        the items that both answered.

    Raises:
        ConfigurationError: If the file belongs to a comparison of something else, the benchmark has too few
            items, or a setting is none of any search's.
    """
    contenders = plan_contenders(model, cells, settings)
    benchmark = settings.benchmark
    numbers = benchmark.numbers(settings.seed, settings.items)
    provenance = await find_provenance(model, benchmark, settings.base_url)
    log = OutcomeLog(folder, settings.heading(model, provenance))
    reports: list[AccuracyReport] = []
    units: list[Mapping[str, Unit]] = []
    for cell, contender in contenders.items():
        known = {logged.outcome.number for logged in log.of(cell, numbers)}
        if missing := [number for number in numbers if number not in known]:
            replies = log.replies(cell, set(missing))
            answer = await contender.prepare(model, benchmark, numbers)
            if purse is not None and contender.asks_model:
                answer = purse.paying(answer, f"{cell.search}, N={cell.candidates}")
            report_start(cell, len(missing))
            if contender.asks_model and len(replies.ungraded) < len(missing):
                await warm_up(model, answer, benchmark, settings.seed)
            await answer_items(
                answer,
                benchmark,
                missing,
                concurrency=concurrency,
                report=_keeper(log, cell, report),
                report_damage=report_damage,
                replies=replies,
                num_answered=sum(bool(outcome.conclusion) for outcome in log.outcomes.get(cell, ())),
            )
        logged = log.of(cell, numbers)
        # Of units that none is complete of, there is nothing to report.
        if found := unite([each.outcome for each in logged]):
            facts = contender.describe(model)
            reports.append(_summarize_cell(cell, logged, facts, model, settings, provenance))
            units.append(found)
    return _pair_with_first(reports, units)


def _keeper(
    log: OutcomeLog, cell: Cell, report: Callable[[Cell, Outcome], None]
) -> Callable[[Outcome], None]:
    """Return what logs each answer of a cell, with the time since the one before it, and reports it."""
    last = time.perf_counter()

    def keep(outcome: Outcome) -> None:
        nonlocal last
        now = time.perf_counter()
        log.add(cell, outcome, now - last)
        last = now
        report(cell, outcome)

    return keep


def _summarize_cell(
    cell: Cell,
    logged: Sequence[LoggedOutcome],
    facts: Facts,
    model: BaseChatModel,
    settings: ComparisonSettings,
    provenance: Provenance,
) -> AccuracyReport:
    return summarize(
        [each.outcome for each in logged],
        benchmark=settings.benchmark,
        name=cell.search,
        facts=facts,
        model=name_of(model),
        seed=settings.seed,
        seconds=sum(each.seconds for each in logged),
        provenance=provenance,
    )


def _pair_with_first(
    reports: Sequence[AccuracyReport], units: Sequence[Mapping[str, Unit]]
) -> list[AccuracyReport]:
    paired = list(reports[:1])
    for report, own in zip(reports[1:], units[1:], strict=True):
        first = {name: unit for name, unit in units[0].items() if name in own}
        beside = (
            compare_paired(
                [own[name].score for name in first],
                [unit.score for unit in first.values()],
                reports[0].name,
            )
            if first
            else None
        )
        paired.append(replace(report, paired=beside))
    return paired
