"""`llava-o1 bench cutoff`: what scores of reasonings a retracing search goes back below."""

import json

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
    read_judge,
)
from langchain_llava_o1.cli.output import write_output
from langchain_llava_o1.evaluation.benchmark import DEFAULT_BENCHMARK


def cutoff(
    benchmark: BenchmarkOption = DEFAULT_BENCHMARK,
    difficulty: BenchmarkDifficultyOption = None,
    benchmark_options: BenchmarkOptionsOption = None,
    judge: JudgeOption = None,
    judge_model: JudgeModelOption = None,
    judge_kind: JudgeKindOption = None,
    items: ItemsOption = 100,
    seed: FirstItemOption = 10_000,
    concurrency: ConcurrencyOption = 48,
    model: ModelOption = None,
    is_json: JsonOption = False,
    is_debug: DebugOption = False,
) -> None:
    """Score reasonings, and find the cutoff below which a retracing search goes back."""
    from langchain_llava_o1.evaluation.cutoff import measure_cutoff

    asked = read_benchmark(benchmark, difficulty, benchmark_options, seed=seed, items=items)
    with checking_usage():
        report = run_until_interrupted(
            measure_cutoff(
                answering.create_model(AnswerSettings(model)),
                benchmark=asked,
                judge=read_judge(judge, judge_model, judge_kind),
                items=items,
                seed=seed,
                concurrency=concurrency,
            )
        )
    if is_json:
        write_output(json.dumps(report.as_json()) + "\n")
    else:
        write_output(
            f"{report.scores} reasonings scored\nmean    {report.mean:.4f}\nspread  {report.spread:.4f}\n"
            f"cutoff  {report.cutoff:.4f}\n"
        )
