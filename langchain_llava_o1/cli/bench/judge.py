"""`llava-o1 bench judge`: how often a judge names the right one of two candidates, in either order."""

import json
from typing import Annotated

import typer

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.answering import AnswerSettings, run_until_interrupted
from langchain_llava_o1.cli.bench.options import (
    BenchmarkDifficultyOption,
    BenchmarkOption,
    BenchmarkOptionsOption,
    ConcurrencyOption,
    FirstItemOption,
    ItemsOption,
    JsonOption,
    read_benchmark,
)
from langchain_llava_o1.cli.failures import checking_usage
from langchain_llava_o1.cli.options import (
    DebugOption,
    JudgeKindOption,
    JudgeModelOption,
    JudgeOption,
    ModelOption,
    StrategyOption,
    read_judge,
)
from langchain_llava_o1.cli.output import write_output
from langchain_llava_o1.evaluation.benchmark import DEFAULT_BENCHMARK
from langchain_llava_o1.search.catalogue import DEFAULT_SEARCH
from langchain_llava_o1.search.strategy import Strategy

_DEFAULT_JUDGE = "generative"


PairOption = Annotated[
    int, typer.Option("--candidates", min=2, max=64, help="Candidates of each step, compared in pairs.")
]


def judge(
    benchmark: BenchmarkOption = DEFAULT_BENCHMARK,
    difficulty: BenchmarkDifficultyOption = None,
    benchmark_options: BenchmarkOptionsOption = None,
    strategy: StrategyOption = DEFAULT_SEARCH,
    judge: JudgeOption = _DEFAULT_JUDGE,
    judge_model: JudgeModelOption = None,
    judge_kind: JudgeKindOption = None,
    candidates: PairOption = 2,
    items: ItemsOption = 200,
    seed: FirstItemOption = 0,
    concurrency: ConcurrencyOption = 48,
    model: ModelOption = None,
    is_json: JsonOption = False,
    is_debug: DebugOption = False,
) -> None:
    """Show a judge the candidates of a search in both orders, and count what it names."""
    from langchain_llava_o1.evaluation.judging import judge_table, measure_judge

    asked = read_benchmark(benchmark, difficulty, benchmark_options, seed=seed, items=items)
    asked_judge = read_judge(judge, judge_model, judge_kind)
    chat_model = answering.create_model(AnswerSettings(model))
    with checking_usage():
        report = run_until_interrupted(
            measure_judge(
                chat_model,
                benchmark=asked,
                strategy=Strategy(strategy, asked_judge, {"candidates": candidates}),
                items=items,
                seed=seed,
                concurrency=concurrency,
            )
        )
    write_output(json.dumps(report.as_json()) + "\n" if is_json else judge_table(report))
