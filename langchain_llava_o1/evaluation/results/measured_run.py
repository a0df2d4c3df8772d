"""What the answers to a benchmark come to, without the model that gave them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from langchain_llava_o1.errors import ConfigurationError, DataError
from langchain_llava_o1.evaluation.accuracy import AccuracyReport, summarize
from langchain_llava_o1.evaluation.benchmark import Benchmark, Resources, open_benchmark
from langchain_llava_o1.evaluation.contender import Facts
from langchain_llava_o1.evaluation.item import DamagedItemError, Grade, Item
from langchain_llava_o1.evaluation.outcome import Unit, unite
from langchain_llava_o1.evaluation.paired import compare_paired
from langchain_llava_o1.evaluation.results.run_folder import BenchmarkRun, CellRun
from langchain_llava_o1.search.catalogue import SEARCHES


@dataclass(frozen=True)
class MeasuredCell:
    """One strategy with its answers and what they come to."""

    run: CellRun
    report: AccuracyReport

    @property
    def cost(self) -> float | None:
        """What its tokens cost in all; None where nobody said what tokens cost."""
        price = self.run.price
        if price is None:
            return None
        return (self.report.input_tokens * price.input + self.report.tokens * price.output) / 1e6


@dataclass(frozen=True)
class MeasuredRun:
    """A benchmark with its answers and what they come to.

    Attributes:
        run: The answers.
        benchmark: What was asked, to be read again.
        problem: Why it cannot be read again, such as a file that has changed; empty where it can.
        cells: In the order of the run; all but the first are paired with the first.
    """

    run: BenchmarkRun
    benchmark: Benchmark
    problem: str
    cells: tuple[MeasuredCell, ...]

    @property
    def asked(self) -> str:
        """The benchmark with its options, as in "scenes (hard)"."""
        return str(self.benchmark)

    @property
    def reports(self) -> list[AccuracyReport]:
        """The reports of all cells."""
        return [cell.report for cell in self.cells]

    @property
    def is_priced(self) -> bool:
        """Whether it is known of a strategy what it cost."""
        return any(cell.cost is not None for cell in self.cells)

    @property
    def is_uneven(self) -> bool:
        """Whether the strategies did not answer the same items."""
        return len({frozenset(cell.run.outcomes) for cell in self.cells}) > 1


class MissingBenchmark(Benchmark):
    """Stands for a benchmark that cannot be read again, such as one whose file is elsewhere."""

    def __init__(self, name: str, options: Mapping[str, str], problem: str) -> None:
        """Take what it is called, and why it cannot be read again."""
        super().__init__(name, options)
        self._problem = problem

    def read_item(self, number: int) -> Item:
        """Say why there is none."""
        raise DamagedItemError(self._problem)

    async def grade(self, item: Item, conclusion: str) -> Grade:
        """Say why there is none."""
        raise DamagedItemError(self._problem)


def measure_run(run: BenchmarkRun, resources: Resources) -> MeasuredRun:
    """Count what the answers of each strategy come to."""
    heading = run.heading
    benchmark: Benchmark
    problem = ""
    try:
        benchmark = open_benchmark(heading.benchmark, heading.options, resources)
        _check_items(run, benchmark)
    except (ConfigurationError, DataError, OSError) as error:
        problem = str(error)
        benchmark = MissingBenchmark(heading.benchmark, heading.options, problem)
    cells: list[MeasuredCell] = []
    first = _units(run.cells[0])
    for cell in run.cells:
        units = _units(cell)
        report = _summarize(cell, benchmark)
        both = [name for name in first if name in units] if cells else []
        if both:
            ours, theirs = [units[name].score for name in both], [first[name].score for name in both]
            report = replace(report, paired=compare_paired(ours, theirs, run.cells[0].label))
        cells.append(MeasuredCell(cell, report))
    return MeasuredRun(run, benchmark, problem, tuple(cells))


def _check_items(run: BenchmarkRun, benchmark: Benchmark) -> None:
    """See that the benchmark has the items that were answered.

    Raises:
        ConfigurationError: If its file is another one than was asked, or has fewer items.
    """
    for cell in run.cells:
        cell.heading.provenance.check_data(cell.folder, benchmark)
        last = max(cell.outcomes)
        if benchmark.num_items is not None and last >= benchmark.num_items:
            raise ConfigurationError(
                f"The answers in {cell.folder} go up to item {last}; {benchmark} has {benchmark.num_items} "
                "items, numbered from 0. Name the folder of the file that was asked with --data."
            )


def _units(cell: CellRun) -> dict[str, Unit]:
    return unite(list(cell.outcomes.values()))


def _summarize(cell: CellRun, benchmark: Benchmark) -> AccuracyReport:
    heading, entry = cell.heading, SEARCHES.get(cell.strategy)
    settings = {**heading.settings, **entry.preset} if entry else {}
    judge = entry.judged_by(heading.judge) if entry else None
    return summarize(
        list(cell.outcomes.values()),
        benchmark=benchmark,
        name=cell.name,
        facts=Facts(judge, cell.candidates, settings.get("temperature")),
        model=heading.model,
        seed=heading.seed,
        seconds=cell.seconds,
        provenance=heading.provenance,
    )
