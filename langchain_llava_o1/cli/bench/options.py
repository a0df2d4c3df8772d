"""Options that several measurements share."""

from typing import Annotated

import typer

from langchain_llava_o1.cli.bench.accuracy_options import ITEMS_OF_ENDLESS
from langchain_llava_o1.cli.bench.comparing import AskedBenchmark
from langchain_llava_o1.cli.failures import checking_usage
from langchain_llava_o1.cli.output import write_error
from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.evaluation.benchmark import (
    BENCHMARKS,
    Benchmark,
    Resources,
    find_benchmark,
    open_benchmark,
)

BenchmarkOption = Annotated[
    str, typer.Option("--benchmark", metavar="NAME", help=f"What is asked: {', '.join(BENCHMARKS)}.")
]
BenchmarksOption = Annotated[
    str,
    typer.Option(
        "--benchmark",
        metavar="NAME[,NAME…]",
        help=f"What is asked: {', '.join(BENCHMARKS)}; several with --compare.",
    ),
]
BenchmarkDifficultyOption = Annotated[
    Difficulty | None,
    typer.Option(
        "--difficulty",
        help="Of the items, short for --option difficulty=… Default: hard.",
        show_default=False,
    ),
]
BenchmarkOptionsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        metavar="NAME=VALUE",
        help="An option of the benchmark, may be repeated.",
        show_default=False,
    ),
]
DifficultyOption = Annotated[Difficulty, typer.Option("--difficulty", help="Of the pictures.")]
ItemsOption = Annotated[int, typer.Option("--items", min=1, help="Questions to answer.")]
FirstItemOption = Annotated[int, typer.Option("--seed", min=0, help="First evaluation item, counted from 0.")]
ConcurrencyOption = Annotated[int, typer.Option("--concurrency", min=1, help="Questions under way at once.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the report as one object.")]


def read_benchmark(
    name: str,
    difficulty: Difficulty | None,
    options: list[str] | None,
    *,
    seed: int,
    items: int,
    resources: Resources,
) -> Benchmark:
    """Open the benchmark that the options choose, and see that it has the items asked for.

    Raises:
        typer.BadParameter: If an option is not written as one.
        BadUsageError: If there is none of this name, or an option or the items are not its own.
    """
    with checking_usage():
        benchmark = open_benchmark(name, _read_options(difficulty, options), resources)
        benchmark.numbers(seed, items)
    return benchmark


def read_benchmarks(
    names: str,
    difficulty: Difficulty | None,
    options: list[str] | None,
    *,
    seed: int,
    items: int | None,
    resources: Resources,
) -> list[AskedBenchmark]:
    """Open the benchmarks that the options choose; each takes those of the options that it has.

    Raises:
        typer.BadParameter: If an option is not written as one.
        BadUsageError: If there is none of a name, an option is not one of any, or one has too few items.
    """
    given = _read_options(difficulty, options)
    chosen = list(dict.fromkeys(name.strip() for name in names.split(",")))
    opened = []
    with checking_usage():
        known = {option for name in chosen for option in find_benchmark(name).options}
        for name in chosen:
            # Of several, each has options of its own; one that none of them has is refused by the first.
            own = {
                option: value
                for option, value in given.items()
                if option in find_benchmark(name).options or option not in known
            }
            benchmark = open_benchmark(name, own, resources)
            for remark in benchmark.remarks():
                write_error(remark)
            num_items = items
            if num_items is None:
                total = benchmark.num_items
                num_items = ITEMS_OF_ENDLESS if total is None else max(1, total - seed)
            benchmark.numbers(seed, num_items)
            opened.append(AskedBenchmark(benchmark, num_items))
    return opened


def _read_options(difficulty: Difficulty | None, options: list[str] | None) -> dict[str, str]:
    given: dict[str, str] = {} if difficulty is None else {"difficulty": difficulty.value}
    for text in options or []:
        option, equals, value = text.partition("=")
        if not (option.strip() and equals):
            raise typer.BadParameter(
                f"{text!r} is no option; write it as in difficulty=easy.", param_hint="--option"
            )
        given[option.strip()] = value
    return given
