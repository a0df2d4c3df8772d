"""Running what `llava-o1 bench accuracy` was asked for: one strategy, or several side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_llava_o1.cli.answering import run_until_interrupted
from langchain_llava_o1.cli.bench.tables import Counter, say_damage
from langchain_llava_o1.cli.failures import checking_usage
from langchain_llava_o1.cli.output import write_error
from langchain_llava_o1.errors import DataError
from langchain_llava_o1.search.catalogue import find_search
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.staging import capabilities

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from langchain_llava_o1.evaluation.accuracy import AccuracyReport
    from langchain_llava_o1.evaluation.benchmark import Benchmark
    from langchain_llava_o1.evaluation.comparison import ComparisonSettings
    from langchain_llava_o1.evaluation.outcome_log import Cell
    from langchain_llava_o1.evaluation.purse import Purse


@dataclass(frozen=True)
class AskedBenchmark:
    """A benchmark, and how many of its items are asked."""

    benchmark: "Benchmark"
    num_items: int


@dataclass(frozen=True)
class Measurement:
    """What one strategy alone and several side by side are measured with."""

    model: "BaseChatModel"
    benchmarks: list[AskedBenchmark]
    judge: str | None
    settings: dict[str, Any]
    seed: int
    concurrency: int
    base_url: str | None
    continuation: str | None = None


def go_on_by(model: "BaseChatModel", continuation: str | None) -> "BaseChatModel":
    """Return a model that is asked to go on in a way of the caller's choice, whatever its profile says."""
    if continuation is None:
        return model
    can_prefill = continuation == "prefill"
    return model.model_copy(update={"profile": {**(model.profile or {}), capabilities.PREFILL: can_prefill}})


def send_whole_conversations(model: "BaseChatModel") -> "BaseChatModel":
    """Return a model that is sent all of a conversation, though its profile says that it answers one turn."""
    return model.model_copy(update={"profile": {**(model.profile or {}), capabilities.SINGLE_TURN: False}})


def measure(
    measurement: Measurement, search: str, num_candidates: int | None, turns: Sequence[int]
) -> "list[AccuracyReport]":
    """Measure one strategy on the first benchmark, in conversations of so many turns, one after the other."""
    settings = measurement.settings
    # Those that have nothing to choose from have one; they refuse any other number.
    is_implied = num_candidates is None or (num_candidates == 1 and not find_search(search).has_candidates)
    if not is_implied:
        settings = {"candidates": num_candidates, **settings}
    strategy = Strategy(search, measurement.judge, settings)
    with checking_usage():
        strategy.build(measurement.model)
        # A benchmark of single questions says so before any is asked alone, and paid for.
        measurement.benchmarks[0].benchmark.read_earlier_questions(measurement.seed, max(turns) - 1)

    async def run() -> "list[AccuracyReport]":
        # All in one event loop, to which the connections of a hosted model belong.
        return [await _measure(measurement, strategy, number) for number in turns]

    return run_until_interrupted(run())


async def _measure(measurement: Measurement, strategy: Strategy, turns: int) -> "AccuracyReport":
    from langchain_llava_o1.evaluation.accuracy import measure_accuracy

    asked = measurement.benchmarks[0]
    return await measure_accuracy(
        measurement.model,
        benchmark=asked.benchmark,
        strategy=strategy,
        items=asked.num_items,
        seed=measurement.seed,
        concurrency=measurement.concurrency,
        report=Counter(asked.num_items, f"turn {turns}: " if turns > 1 else "").add,
        report_damage=say_damage,
        turns=turns,
        base_url=measurement.base_url,
    )


def compare_all(
    measurement: Measurement, cells: "list[Cell]", folder: Path, *, purse: "Purse", is_plotted: bool
) -> "list[list[AccuracyReport]]":
    """Compare strategies on each benchmark; table and plot go into the folder.

    Returns:
        The reports on each benchmark of which anything counts.

    Raises:
        DataError: If there is none, and not for want of money.
    """
    from langchain_llava_o1.evaluation.comparison import count_earlier, plan_contenders
    from langchain_llava_o1.evaluation.plot import check_plotting, plot_comparison

    if is_plotted:
        check_plotting()
    plans = [_plan(measurement, asked) for asked in measurement.benchmarks]
    with checking_usage():
        for plan in plans:
            plan_contenders(measurement.model, cells, plan)

    async def run() -> "list[list[AccuracyReport]]":
        # All in one event loop, to which the connections of a hosted model belong.
        placed = [(plan, folder / plan.benchmark.name) for plan in plans]
        for plan, place in placed:
            await count_earlier(measurement.model, cells, plan, folder=place, purse=purse)
        return [await _compare(measurement, plan, cells, place, purse) for plan, place in placed]

    groups = run_until_interrupted(run())
    answered = [reports for reports in groups if reports]
    empty = [asked for asked, reports in zip(measurement.benchmarks, groups, strict=True) if not reports]
    if empty and not purse.is_empty:
        said = _say_nothing_counts(empty, measurement.seed)
        if not answered:
            raise DataError(said)
        write_error(said)
    (folder / "comparison.md").write_text(write_tables(answered), encoding="utf-8")
    if is_plotted and answered:
        for ending in ("svg", "png"):
            plot_comparison(answered, folder / f"comparison.{ending}")
    return answered


def _say_nothing_counts(empty: Sequence[AskedBenchmark], seed: int) -> str:
    asked = " and ".join(f"the {each.num_items} items of {each.benchmark}" for each in empty)
    return (
        f"Nothing can be counted of {asked} from {seed} on: none of them can be read, or those that can are "
        "parts of questions, none of them whole. Fetch the file anew with `llava-o1 bench fetch` where it "
        "is a published one, or ask for other items."
    )


def _plan(measurement: Measurement, asked: AskedBenchmark) -> "ComparisonSettings":
    from langchain_llava_o1.evaluation.comparison import ComparisonSettings

    return ComparisonSettings(
        asked.benchmark,
        measurement.seed,
        asked.num_items,
        measurement.judge,
        measurement.settings,
        measurement.base_url,
        measurement.continuation,
    )


async def _compare(
    measurement: Measurement,
    settings: "ComparisonSettings",
    cells: "list[Cell]",
    folder: Path,
    purse: "Purse",
) -> "list[AccuracyReport]":
    from langchain_llava_o1.evaluation.comparison import compare

    where = f"{settings.benchmark}: " if len(measurement.benchmarks) > 1 else ""
    counters: dict[Cell, Counter] = {}

    def start(cell: "Cell", num_items: int) -> None:
        counters[cell] = Counter(num_items, f"{where}{cell.search}, N={cell.candidates}: ")

    return await compare(
        measurement.model,
        cells,
        settings,
        folder=folder,
        concurrency=measurement.concurrency,
        purse=purse,
        report_start=start,
        report=lambda cell, outcome: counters[cell].add(outcome),
        report_damage=say_damage,
    )


def write_tables(groups: "list[list[AccuracyReport]]") -> str:
    """Write the tables of each benchmark, under a heading where there are several."""
    from langchain_llava_o1.evaluation.comparison_table import comparison_table

    tables = [
        f"### {reports[0].asked}\n\n{comparison_table(reports)}"
        if len(groups) > 1
        else comparison_table(reports)
        for reports in groups
    ]
    return "\n".join(tables)
