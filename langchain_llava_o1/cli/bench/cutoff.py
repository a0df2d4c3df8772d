"""`llava-o1 bench cutoff`: what scores of reasonings a retracing search goes back below."""

import json
from typing import Annotated

import typer

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.answering import AnswerSettings, run_until_interrupted
from langchain_llava_o1.cli.bench.accuracy_options import DataOption
from langchain_llava_o1.cli.bench.options import (
    BenchmarkDifficultyOption,
    BenchmarkOption,
    BenchmarkOptionsOption,
    ConcurrencyOption,
    ItemsOption,
    JsonOption,
    read_benchmark,
)
from langchain_llava_o1.cli.bench.paying import check_data
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
)
from langchain_llava_o1.cli.output import write_output
from langchain_llava_o1.evaluation.benchmark import DEFAULT_BENCHMARK, Resources

FIRST_OF_ENDLESS = 10_000

CalibrationSeedOption = Annotated[
    int | None,
    typer.Option(
        "--seed",
        min=0,
        help=f"First item, counted from 0. Default: {FIRST_OF_ENDLESS:,} of a set without an end, so that "
        "nothing is calibrated on what is measured with; else 0.",
        show_default=False,
    ),
]


def cutoff(
    benchmark: BenchmarkOption = DEFAULT_BENCHMARK,
    difficulty: BenchmarkDifficultyOption = None,
    benchmark_options: BenchmarkOptionsOption = None,
    data: DataOption = None,
    judge: JudgeOption = None,
    judge_model: JudgeModelOption = None,
    judge_base_url: JudgeUrlOption = None,
    judge_kind: JudgeKindOption = None,
    judge_settings: JudgeSettingsOption = None,
    items: ItemsOption = 100,
    seed: CalibrationSeedOption = None,
    concurrency: ConcurrencyOption = 48,
    model: ModelOption = None,
    is_json: JsonOption = False,
    is_debug: DebugOption = False,
) -> None:
    """Score reasonings, and find the cutoff below which a retracing search goes back."""
    from langchain_llava_o1.evaluation.cutoff import measure_cutoff
    from langchain_llava_o1.evaluation.grading.grader import Grader

    check_data(data)
    chat_model = answering.create_model(AnswerSettings(model))
    # MM-Vet asks nothing without a grader. No answer is graded here, so that any will do, and none is called.
    resources = Resources(data, Grader(chat_model, "nobody"))
    asked = read_benchmark(
        benchmark, difficulty, benchmark_options, seed=seed or 0, items=items, resources=resources
    )
    if seed is None:
        seed = FIRST_OF_ENDLESS if asked.num_items is None else 0
    with checking_usage():
        report = run_until_interrupted(
            measure_cutoff(
                chat_model,
                benchmark=asked,
                judge=read_judge(judge, judge_model, judge_kind, judge_base_url, judge_settings),
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
