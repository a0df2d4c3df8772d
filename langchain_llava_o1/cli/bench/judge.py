"""`llava-o1 bench judge`: how often a judge names the right one of two candidates, in either order."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.answering import AnswerSettings, run_until_interrupted
from langchain_llava_o1.cli.bench.accuracy_options import (
    BaseUrlOption,
    CompatibleOption,
    DataOption,
    GraderOption,
    GraderUrlOption,
    PriceOption,
)
from langchain_llava_o1.cli.bench.options import (
    BenchmarkDifficultyOption,
    BenchmarkOption,
    BenchmarkOptionsOption,
    ConcurrencyOption,
    FirstItemOption,
    JsonOption,
    read_benchmark,
)
from langchain_llava_o1.cli.bench.paying import read_purse, read_resources
from langchain_llava_o1.cli.bench.tables import say_damage
from langchain_llava_o1.cli.data.teaching import read_price
from langchain_llava_o1.cli.failures import checking_usage
from langchain_llava_o1.cli.judge_options import (
    JudgeKindOption,
    JudgeModelOption,
    JudgeOption,
    JudgeSettingsOption,
    JudgeUrlOption,
    read_judge,
)
from langchain_llava_o1.cli.options import (
    DebugOption,
    ModelOption,
    StrategyOption,
)
from langchain_llava_o1.cli.output import write_error, write_output
from langchain_llava_o1.evaluation.benchmark import DEFAULT_BENCHMARK
from langchain_llava_o1.search.catalogue import DEFAULT_SEARCH
from langchain_llava_o1.search.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_core.language_models import BaseChatModel

    from langchain_llava_o1.data.annotation.spending import Price
    from langchain_llava_o1.evaluation.benchmark import Benchmark
    from langchain_llava_o1.evaluation.judge_pairs import PairFile
    from langchain_llava_o1.evaluation.judged_pairs import JudgedPair
    from langchain_llava_o1.evaluation.judging import JudgeReport
    from langchain_llava_o1.evaluation.pair_judging import PairReport
    from langchain_llava_o1.evaluation.verdict_log import VerdictLog

_DEFAULT_JUDGE = "generative"
_DEFAULT_ITEMS = 200
_OF_CANDIDATES = (
    *("benchmark", "difficulty", "benchmark_options", "data", "strategy", "candidates"),
    *("grader", "grader_base_url", "is_compatible"),
)

PairOption = Annotated[
    int, typer.Option("--candidates", min=2, max=64, help="Candidates of each step, compared in pairs.")
]
JudgedItemsOption = Annotated[
    int | None,
    typer.Option(
        "--items",
        min=1,
        help=f"Questions to answer, or pairs to judge. Default: {_DEFAULT_ITEMS} questions, all pairs.",
        show_default=False,
    ),
]
PairsOption = Annotated[
    Path | None,
    typer.Option(
        "--pairs",
        metavar="FILE",
        help="Judge the pairs of answers of a file in VL-RewardBench's format, JSON with one a line, in "
        "place of candidates of a search.",
        show_default=False,
    ),
]
PicturesOption = Annotated[
    Path | None,
    typer.Option(
        "--pictures",
        metavar="PATH",
        help="With --pairs: folder or zip that the paths of pictures are relative to. Default: the file's.",
        show_default=False,
    ),
]

VerdictsOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="Write every verdict down there, JSON with one a line; the same command then goes on.",
        show_default=False,
    ),
]


def judge(
    context: typer.Context,
    benchmark: BenchmarkOption = DEFAULT_BENCHMARK,
    difficulty: BenchmarkDifficultyOption = None,
    benchmark_options: BenchmarkOptionsOption = None,
    data: DataOption = None,
    strategy: StrategyOption = DEFAULT_SEARCH,
    pairs: PairsOption = None,
    pictures: PicturesOption = None,
    judge: JudgeOption = _DEFAULT_JUDGE,
    judge_model: JudgeModelOption = None,
    judge_base_url: JudgeUrlOption = None,
    judge_kind: JudgeKindOption = None,
    judge_settings: JudgeSettingsOption = None,
    candidates: PairOption = 2,
    items: JudgedItemsOption = None,
    seed: FirstItemOption = 0,
    concurrency: ConcurrencyOption = 48,
    price: PriceOption = None,
    out: VerdictsOption = None,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    grader: GraderOption = None,
    grader_base_url: GraderUrlOption = None,
    is_compatible: CompatibleOption = False,
    is_json: JsonOption = False,
    is_debug: DebugOption = False,
) -> None:
    """Show a judge two candidates in both orders, and count what it names.

    A grader tells which of two whole answers is right where no rule can.
    """
    asked_judge = read_judge(judge, judge_model, judge_kind, judge_base_url, judge_settings) or _DEFAULT_JUDGE
    cost = None if price is None else read_price(price, "--price")
    settings = AnswerSettings(model, base_url=base_url)
    if pairs is not None:
        _refuse_what_draws(context)
        file = _open_pairs(pairs, pictures)
        report = _judge_pairs(
            answering.open_model(settings), asked_judge, file, items, seed, concurrency, cost, out
        )
        write_output(_write_pairs(report, is_json=is_json))
        return
    if pictures is not None:
        raise typer.BadParameter(
            f"{pictures} is for --pairs; add that, or leave it out.", param_hint="--pictures"
        )
    purse = read_purse(None, None, None)
    resources = read_resources(data, grader, grader_base_url, purse, folder=None, is_compatible=is_compatible)
    num_items = _DEFAULT_ITEMS if items is None else items
    asked = read_benchmark(
        benchmark, difficulty, benchmark_options, seed=seed, items=num_items, resources=resources
    )
    judged = Strategy(strategy, asked_judge, {"candidates": candidates})
    found = _judge_candidates(
        answering.open_model(settings), judged, asked, num_items, seed, concurrency, cost, out
    )
    write_output(_write_candidates(found, is_json=is_json))


def _judge_candidates(
    model: "BaseChatModel",
    strategy: Strategy,
    benchmark: "Benchmark",
    items: int,
    seed: int,
    concurrency: int,
    price: "Price | None",
    out: Path | None,
) -> "JudgeReport":
    from langchain_llava_o1.evaluation.judging import describe_judging, measure_judge

    with checking_usage():
        # Another grader may find another candidate right.
        heading = {**describe_judging(model, benchmark, strategy), **benchmark.resources.heading()}
        return run_until_interrupted(
            measure_judge(
                model,
                benchmark=benchmark,
                strategy=strategy,
                items=items,
                seed=seed,
                concurrency=concurrency,
                price=price,
                log=_open_log(out, heading),
                report_damage=say_damage,
            )
        )


def _write_candidates(report: "JudgeReport", *, is_json: bool) -> str:
    from langchain_llava_o1.evaluation.judging import judge_table

    return json.dumps(report.as_json()) + "\n" if is_json else judge_table(report)


def _open_log(path: Path | None, heading: "Mapping[str, Any]") -> "VerdictLog | None":
    from langchain_llava_o1.evaluation.verdict_log import VerdictLog

    return None if path is None else VerdictLog(path, heading)


def _refuse_what_draws(context: typer.Context) -> None:
    """Refuse options of the candidates that a search draws: the answers of a file are there already."""
    for parameter in context.command.params:
        source = context.get_parameter_source(str(parameter.name))
        if parameter.name in _OF_CANDIDATES and source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter(
                "with --pairs no search draws candidates; leave one of the two out.",
                param_hint=parameter.opts[0],
            )


def _open_pairs(path: Path, pictures: Path | None) -> "PairFile":
    from langchain_llava_o1.evaluation.judge_pairs import PairFile

    with checking_usage():
        return PairFile(path, pictures=pictures)


def _judge_pairs(
    model: "BaseChatModel",
    judge: str,
    pairs: "PairFile",
    items: int | None,
    seed: int,
    concurrency: int,
    price: "Price | None",
    out: Path | None,
) -> "PairReport":
    from langchain_llava_o1.evaluation.pair_judging import describe_pair_judging, measure_judge_on_pairs

    num_judged, num_asked = 0, len(pairs) - seed if items is None else items

    def count(judged: "JudgedPair") -> None:
        nonlocal num_judged
        num_judged += 1
        if num_judged % max(1, num_asked // 20) == 0 or num_judged == num_asked:
            write_error(f"{num_judged}/{num_asked} pairs judged")

    with checking_usage():
        return run_until_interrupted(
            measure_judge_on_pairs(
                model,
                judge,
                pairs,
                items=items,
                seed=seed,
                concurrency=concurrency,
                price=price,
                log=_open_log(out, describe_pair_judging(model, judge, pairs)),
                report=count,
                report_damage=say_damage,
            )
        )


def _write_pairs(report: "PairReport", *, is_json: bool) -> str:
    from langchain_llava_o1.evaluation.pair_judging import pair_table

    return json.dumps(report.as_json()) + "\n" if is_json else pair_table(report)
