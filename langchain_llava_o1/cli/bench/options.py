"""Options that several measurements share."""

from typing import Annotated

import typer

from langchain_llava_o1.cli.failures import checking_usage
from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.evaluation.benchmark import BENCHMARKS, Benchmark, open_benchmark

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
    name: str, difficulty: Difficulty | None, options: list[str] | None, *, seed: int, items: int
) -> Benchmark:
    """Open the benchmark that the options choose, and see that it has the items asked for.

    Raises:
        typer.BadParameter: If an option is not written as one.
        BadUsageError: If there is none of this name, or an option or the items are not its own.
    """
    given: dict[str, str] = {} if difficulty is None else {"difficulty": difficulty.value}
    for text in options or []:
        option, equals, value = text.partition("=")
        if not (option.strip() and equals):
            raise typer.BadParameter(
                f"{text!r} is no option; write it as in difficulty=easy.", param_hint="--option"
            )
        given[option.strip()] = value
    with checking_usage():
        benchmark = open_benchmark(name, given)
        benchmark.numbers(seed, items)
    return benchmark
