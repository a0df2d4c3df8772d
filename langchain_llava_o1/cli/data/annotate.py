"""`llava-o1 data annotate`: a training set from questions whose answers are known."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from langchain_llava_o1.cli.answering import run_until_interrupted
from langchain_llava_o1.cli.data.line_problems import describe_problems, tell_problems
from langchain_llava_o1.cli.data.options import (
    AllowBenchmarkOption,
    ColumnsOption,
    PicturesOption,
    SetArgument,
    open_set,
)
from langchain_llava_o1.cli.data.teaching import (
    AnsweringOption,
    BaseUrlOption,
    EstimateOption,
    MaxCostOption,
    MaxTokensOption,
    MaxTotalOption,
    PriceOption,
    QuestionsAtOnceOption,
    RateOption,
    RetriesOption,
    TriesOption,
    ValidatorOption,
    ValidatorPriceOption,
    ValidatorUrlOption,
    read_model,
    read_prices,
    read_strategy,
    read_validator,
)
from langchain_llava_o1.cli.data.ticker import Ticker, leave_if_budget_is_reached, leave_if_questions_failed
from langchain_llava_o1.cli.failures import checking_usage
from langchain_llava_o1.cli.judge_options import (
    JudgeKindOption,
    JudgeModelOption,
    JudgeOption,
    JudgeSettingsOption,
    JudgeUrlOption,
    read_judge,
)
from langchain_llava_o1.cli.options import CandidatesOption, DebugOption, SettingsOption, TemperatureOption
from langchain_llava_o1.cli.output import write_error, write_output
from langchain_llava_o1.data.opening import REFUSALS_FILE

if TYPE_CHECKING:
    from langchain_llava_o1.data.annotation.estimate import Estimate
    from langchain_llava_o1.data.annotation.plan import AnnotationPlan
    from langchain_llava_o1.data.annotation.progress import AnnotationReport

TeacherOption = Annotated[
    str,
    typer.Option(
        "--teacher",
        metavar="MODEL",
        help="Who answers: provider and model, as in openai:gpt-4o; the folder of a checkpoint; or self, the "
        "model that LLAVA_O1_MODEL names.",
        show_default=False,
    ),
]
FolderOption = Annotated[
    Path, typer.Option("--out", metavar="FOLDER", help="Where to write to, or to go on.", show_default=False)
]
ReferenceOption = Annotated[
    bool | None,
    typer.Option(
        "--show-reference/--hide-reference",
        help="Whether the model that answers is told the reference answer and hints. Default: yes, but for a "
        "checkpoint, of whose answers the right ones are kept.",
        show_default=False,
    ),
]
RetryOption = Annotated[
    bool,
    typer.Option(
        "--retry-refusals",
        help="Try again what an earlier start refused after all tries. What failed is tried again anyway.",
    ),
]
CopyOption = Annotated[
    bool,
    typer.Option("--copy/--no-copy", help="Whether pictures are copied, or their paths stay as they are."),
]

RayOption = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="ADDRESS",
        help="Ask from the machines of a Ray cluster: auto, ray://host:10001, or local for this one.",
        show_default=False,
    ),
]
RayWorkersOption = Annotated[
    int | None,
    typer.Option(
        "--ray-workers",
        min=1,
        help="With --ray: workers, each with --concurrency questions under way. Default: one on each machine "
        "or, where a checkpoint answers, on each GPU.",
        show_default=False,
    ),
]


def annotate(
    path: SetArgument,
    teacher: TeacherOption,
    out: FolderOption,
    validator: ValidatorOption = None,
    base_url: BaseUrlOption = None,
    validator_base_url: ValidatorUrlOption = None,
    pictures: PicturesOption = None,
    columns: ColumnsOption = None,
    allow_benchmark: AllowBenchmarkOption = False,
    strategy: AnsweringOption = None,
    judge: JudgeOption = None,
    judge_model: JudgeModelOption = None,
    judge_base_url: JudgeUrlOption = None,
    judge_kind: JudgeKindOption = None,
    judge_settings: JudgeSettingsOption = None,
    candidates: CandidatesOption = None,
    temperature: TemperatureOption = None,
    further: SettingsOption = None,
    max_tokens: MaxTokensOption = None,
    shows_reference: ReferenceOption = None,
    tries: TriesOption = 2,
    retries: RetriesOption = 6,
    concurrency: QuestionsAtOnceOption = 8,
    requests_per_second: RateOption = None,
    max_tokens_total: MaxTotalOption = None,
    max_cost: MaxCostOption = None,
    price: PriceOption = None,
    validator_price: ValidatorPriceOption = None,
    is_estimate: EstimateOption = False,
    retry_refusals: RetryOption = False,
    is_copying: CopyOption = True,
    ray_address: RayOption = None,
    num_ray_workers: RayWorkersOption = None,
    is_debug: DebugOption = False,
) -> None:
    """Have a model write staged answers to a SET of questions, and keep those that agree with its answers.

    The SET is a table of image, question, answer and, if there is one, hint; or conversations, of which the
    last answer is the reference. Killed and started again, it goes on, and tries what failed once more.
    Exit code 1 at the end of the budget, and where questions failed.
    """
    from langchain_llava_o1.data.annotation.annotation import aannotate, estimate_annotation
    from langchain_llava_o1.data.annotation.plan import AnnotationPlan
    from langchain_llava_o1.data.annotation.spending import Budget

    questions = open_set(path, pictures, columns, allow_benchmark=allow_benchmark)
    teaching = read_model(
        teacher,
        base_url=base_url,
        requests_per_second=requests_per_second,
        parameters={"max_tokens": max_tokens},
    )
    default = "single" if teaching.is_local else None
    search = read_strategy(
        strategy,
        read_judge(judge, judge_model, judge_kind, judge_base_url, judge_settings),
        candidates,
        temperature,
        further,
        default=default,
    )
    parameters = {} if temperature is None or search is not None else {"temperature": temperature}
    with checking_usage():
        plan = AnnotationPlan(
            teacher=teaching,
            validator=read_validator(
                validator, teaching, base_url=validator_base_url, requests_per_second=requests_per_second
            ),
            strategy=search,
            shows_reference=shows_reference,
            tries=tries,
            retries=retries,
            parameters=parameters,
            budget=Budget(max_tokens_total, max_cost),
            prices=read_prices(price, validator_price, max_cost),
        )
        estimate = estimate_annotation(
            questions, out, plan, retry_refusals=retry_refusals, report_problems=tell_problems
        )
        if is_estimate:
            write_output(describe_estimate(estimate, plan) + "\n")
            return
        write_error(describe_estimate(estimate, plan))
        run = aannotate(
            questions,
            out,
            plan,
            concurrency=concurrency,
            copy_pictures=is_copying,
            retry_refusals=retry_refusals,
            command=shlex.join(["llava-o1", *sys.argv[1:]]),
            ray_address=ray_address,
            num_ray_workers=num_ray_workers,
            report_progress=Ticker(describe_progress).show,
        )
        finish(run_until_interrupted(run))


def finish(report: "AnnotationReport") -> None:
    """Say what it came to; leave with exit code 1 where the budget ended it, or questions failed."""
    write_output(f"{report.folder}: {describe_report(report)}\n")
    leave_if_budget_is_reached(is_reached=report.is_budget_reached)
    leave_if_questions_failed(report.num_failed, f"The reasons are in {Path(report.folder) / REFUSALS_FILE}.")


def describe_progress(report: "AnnotationReport") -> str:
    """Say in a line how far it is."""
    left = "" if report.seconds_left is None else f", about {_describe_time(report.seconds_left)} left"
    return f"{report.num_done:,}/{report.num_questions:,}: {describe_report(report)}{left}"


def describe_report(report: "AnnotationReport") -> str:
    """Say in a line what it has come to."""
    unreadable = f", {report.num_unreadable:,} unreadable verdicts" if report.num_unreadable else ""
    problems = f", {describe_problems(report.num_problems)} in lines" if report.num_problems else ""
    cost = f", cost {report.cost:,.4f}" if report.cost else ""
    return (
        f"{report.num_annotated:,} annotated, {report.num_refused:,} refused, {report.num_failed:,} errors"
        f"{unreadable}{problems}; {report.num_calls:,} calls, {report.input_tokens:,} tokens read, "
        f"{report.output_tokens:,} generated{cost}"
    )


def describe_estimate(estimate: "Estimate", plan: "AnnotationPlan") -> str:
    """Say in a line what it will take."""
    total = estimate.total
    cost = f", cost {estimate.cost:,.2f}" if plan.prices else ""
    return (
        f"estimate: {estimate.num_questions:,} questions to annotate, about {total.num_calls:,} calls, "
        f"{total.input_tokens:,} tokens read, {total.output_tokens:,} generated{cost}, if every first try is "
        "right"
    )


def _describe_time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
