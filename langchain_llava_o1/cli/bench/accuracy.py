"""`llava-o1 bench accuracy`: how many questions a search answers right, or several searches side by side."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.answering import AnswerSettings, run_until_interrupted
from langchain_llava_o1.cli.bench.options import (
    BenchmarkDifficultyOption,
    BenchmarkOptionsOption,
    BenchmarksOption,
    ConcurrencyOption,
    FirstItemOption,
    ItemsOption,
    JsonOption,
    read_benchmark,
)
from langchain_llava_o1.cli.bench.tables import Counter, accuracy_table, say_damage, turns_table
from langchain_llava_o1.cli.failures import checking_usage
from langchain_llava_o1.cli.options import (
    DebugOption,
    JudgeKindOption,
    JudgeModelOption,
    JudgeOption,
    ModelOption,
    SettingsOption,
    StrategyOption,
    read_further_settings,
    read_judge,
)
from langchain_llava_o1.cli.output import write_output
from langchain_llava_o1.evaluation.benchmark import DEFAULT_BENCHMARK, Benchmark
from langchain_llava_o1.search.catalogue import DEFAULT_SEARCH, SEARCHES, find_search
from langchain_llava_o1.search.strategy import Strategy

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from langchain_llava_o1.evaluation.accuracy import AccuracyReport
    from langchain_llava_o1.evaluation.comparison import Cell, ComparisonSettings

_DEFAULT_FOLDER = Path("comparison")
_COMPARED_CANDIDATES = 4

CompareOption = Annotated[
    str | None,
    typer.Option(
        "--compare",
        metavar="STRATEGY,…",
        help="Strategies to compare on the same items, in place of --strategy.",
        show_default=False,
    ),
]
NumbersOption = Annotated[
    str | None,
    typer.Option(
        "--candidates",
        metavar="N[,N…]",
        help="Candidates; several numbers with --compare. Default: 4.",
        show_default=False,
    ),
]
TemperatureOption = Annotated[
    float | None,
    typer.Option(
        "--temperature",
        min=0.0,
        max=2.0,
        help="Of the candidates and the single pass. Default: 1.",
        show_default=False,
    ),
]
TurnsOption = Annotated[
    int,
    typer.Option(
        "--turns",
        min=1,
        max=16,
        help="Questions of a conversation, of which the last one counts; it is also asked alone.",
    ),
]
FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FOLDER",
        help="With --compare: where answers, table and plot are kept, to go on from. "
        f"Default: {_DEFAULT_FOLDER}.",
        show_default=False,
    ),
]
PlotOption = Annotated[
    bool | None,
    typer.Option(
        "--plot/--no-plot",
        help="With --compare: draw comparison.svg and .png. Default: they are drawn.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class _Measurement:
    """What one strategy alone and several side by side are measured with."""

    model: "BaseChatModel"
    benchmarks: list[Benchmark]
    judge: str | None
    settings: dict[str, Any]
    seed: int
    items: int
    concurrency: int


def accuracy(
    benchmark: BenchmarksOption = DEFAULT_BENCHMARK,
    difficulty: BenchmarkDifficultyOption = None,
    benchmark_options: BenchmarkOptionsOption = None,
    strategy: StrategyOption = DEFAULT_SEARCH,
    compare: CompareOption = None,
    judge: JudgeOption = None,
    judge_model: JudgeModelOption = None,
    judge_kind: JudgeKindOption = None,
    candidates: NumbersOption = None,
    items: ItemsOption = 200,
    seed: FirstItemOption = 0,
    temperature: TemperatureOption = None,
    further: SettingsOption = None,
    out: FolderOption = None,
    is_plotted: PlotOption = None,
    concurrency: ConcurrencyOption = 48,
    turns: TurnsOption = 1,
    model: ModelOption = None,
    is_json: JsonOption = False,
    is_debug: DebugOption = False,
) -> None:
    """Answer a benchmark's questions and count the right conclusions."""
    numbers = None if candidates is None else _read_numbers(candidates)
    searches = None if compare is None else _read_searches(compare)
    if searches is None:
        _refuse_what_compares(numbers, out, is_plotted=is_plotted)
    measurement = _Measurement(
        model=answering.create_model(AnswerSettings(model)),
        benchmarks=[
            read_benchmark(name, difficulty, benchmark_options, seed=seed, items=items)
            for name in dict.fromkeys(name.strip() for name in benchmark.split(","))
        ],
        judge=read_judge(judge, judge_model, judge_kind),
        settings=read_further_settings(further)
        | ({} if temperature is None else {"temperature": temperature}),
        seed=seed,
        items=items,
        concurrency=concurrency,
    )
    if searches is None:
        if len(measurement.benchmarks) > 1:
            raise typer.BadParameter("several benchmarks need --compare; give one.", param_hint="--benchmark")
        number = numbers[0] if numbers else None
        report = _measure(measurement, strategy, number)
        if turns > 1:
            later = _measure(measurement, strategy, number, turns)
            write_output(turns_table(report, later, turns, is_json=is_json))
        else:
            write_output(json.dumps(report.as_json()) + "\n" if is_json else accuracy_table(report))
        return
    if turns > 1:
        raise typer.BadParameter("a comparison asks single questions; leave one out.", param_hint="--turns")
    folder = _DEFAULT_FOLDER if out is None else out
    groups = _compare(
        measurement, searches, numbers or [_COMPARED_CANDIDATES], folder, is_plotted=is_plotted is not False
    )
    rows = {"rows": [report.as_json() for reports in groups for report in reports]}
    write_output(json.dumps(rows) + "\n" if is_json else _write_tables(groups))


def _measure(
    measurement: _Measurement, search: str, num_candidates: int | None, turns: int = 1
) -> "AccuracyReport":
    from langchain_llava_o1.evaluation.accuracy import measure_accuracy

    settings = measurement.settings
    # Those that have nothing to choose from have one; they refuse any other number.
    is_implied = num_candidates is None or (num_candidates == 1 and not find_search(search).has_candidates)
    if not is_implied:
        settings = {"candidates": num_candidates, **settings}
    strategy = Strategy(search, measurement.judge, settings)
    with checking_usage():
        strategy.build(measurement.model)
    return run_until_interrupted(
        measure_accuracy(
            measurement.model,
            benchmark=measurement.benchmarks[0],
            strategy=strategy,
            items=measurement.items,
            seed=measurement.seed,
            concurrency=measurement.concurrency,
            report=Counter(measurement.items, f"turn {turns}: " if turns > 1 else "").add,
            report_damage=say_damage,
            turns=turns,
        )
    )


def _compare(
    measurement: _Measurement, searches: list[str], numbers: list[int], folder: Path, *, is_plotted: bool
) -> "list[list[AccuracyReport]]":
    """Return the reports on each benchmark."""
    from langchain_llava_o1.evaluation.comparison import plan_cells, plan_strategies
    from langchain_llava_o1.evaluation.plot import check_plotting, plot_comparison

    if is_plotted:
        check_plotting()
    cells = plan_cells(searches, numbers)
    plans = [_comparison_settings(measurement, benchmark) for benchmark in measurement.benchmarks]
    with checking_usage():
        for plan in plans:
            plan_strategies(measurement.model, cells, plan)
    groups = []
    for plan in plans:
        groups.append(_compare_on(measurement, plan, cells, folder / plan.benchmark.name / "outcomes.jsonl"))
    (folder / "comparison.md").write_text(_write_tables(groups), encoding="utf-8")
    if is_plotted:
        for ending in ("svg", "png"):
            plot_comparison(groups, folder / f"comparison.{ending}")
    return groups


def _comparison_settings(measurement: _Measurement, benchmark: Benchmark) -> "ComparisonSettings":
    from langchain_llava_o1.evaluation.comparison import ComparisonSettings

    return ComparisonSettings(
        benchmark, measurement.seed, measurement.items, measurement.judge, measurement.settings
    )


def _compare_on(
    measurement: _Measurement, settings: "ComparisonSettings", cells: "list[Cell]", log_path: Path
) -> "list[AccuracyReport]":
    from langchain_llava_o1.evaluation.comparison import compare

    where = f"{settings.benchmark}: " if len(measurement.benchmarks) > 1 else ""
    counters = {
        cell: Counter(measurement.items, f"{where}{cell.search}, N={cell.candidates}: ") for cell in cells
    }
    return run_until_interrupted(
        compare(
            measurement.model,
            cells,
            settings,
            log_path=log_path,
            concurrency=measurement.concurrency,
            report=lambda cell, answered: counters[cell].add(answered),
            report_damage=say_damage,
        )
    )


def _write_tables(groups: "list[list[AccuracyReport]]") -> str:
    from langchain_llava_o1.evaluation.comparison import comparison_table

    tables = [
        f"### {reports[0].asked}\n\n{comparison_table(reports)}"
        if len(groups) > 1
        else comparison_table(reports)
        for reports in groups
    ]
    return "\n".join(tables)


def _read_numbers(text: str) -> list[int]:
    try:
        numbers = [int(number) for number in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or not all(1 <= number <= 64 for number in numbers):
        raise typer.BadParameter(
            f"{text!r} is no number from 1 to 64, nor several with commas between them.",
            param_hint="--candidates",
        )
    return numbers


def _read_searches(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in SEARCHES]:
        raise typer.BadParameter(
            f"there is no strategy {', '.join(map(repr, unknown))}; there are {', '.join(SEARCHES)}.",
            param_hint="--compare",
        )
    return names


def _refuse_what_compares(numbers: list[int] | None, out: Path | None, *, is_plotted: bool | None) -> None:
    if numbers and len(numbers) > 1:
        raise typer.BadParameter("several numbers need --compare; give one.", param_hint="--candidates")
    if out is not None:
        raise typer.BadParameter(
            f"only a comparison writes files, so that nothing would be in {out}; add --compare, or leave it "
            "out.",
            param_hint="--out",
        )
    if is_plotted is not None:
        option = "--plot" if is_plotted else "--no-plot"
        raise typer.BadParameter(
            "only a comparison is drawn; add --compare, or leave it out.", param_hint=option
        )
