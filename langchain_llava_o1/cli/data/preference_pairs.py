"""`llava-o1 data preference-pairs`: better and worse answers of a model in pairs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

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
    MaxCostOption,
    MaxTokensOption,
    MaxTotalOption,
    PriceOption,
    QuestionsAtOnceOption,
    RateOption,
    RetriesOption,
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

if TYPE_CHECKING:
    from langchain_llava_o1.data.annotation.preference_pairs import PairReport

_FAILURES_TOLD = 20

AnsweringModelOption = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="Whose answers: the folder of a checkpoint; self, the model that LLAVA_O1_MODEL names; or "
        "provider and model, as in openai:gpt-4o.",
    ),
]
FileOption = Annotated[
    Path, typer.Option("--out", metavar="FILE", help="File to write, as in pairs.jsonl, or to go on with.")
]
AnswersOption = Annotated[int, typer.Option("--answers", min=1, max=64, help="Answers drawn to a question.")]
MaxPairsOption = Annotated[
    int, typer.Option("--pairs", min=1, help="Most pairs of a question, or of each of its stages.")
]
FormOption = Annotated[
    Literal["preference", "stage", "verdict"],
    typer.Option(
        "--form",
        help="Right and wrong answers, for DPO and reward models; what a search by stages chose and did not, "
        "for DPO; or verdicts on right and wrong answers, for training a judge.",
    ),
]


def preference_pairs(
    path: SetArgument,
    out: FileOption,
    model: AnsweringModelOption = "self",
    answers: AnswersOption = 8,
    max_pairs: MaxPairsOption = 1,
    form: FormOption = "preference",
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
    retries: RetriesOption = 6,
    concurrency: QuestionsAtOnceOption = 8,
    requests_per_second: RateOption = None,
    max_tokens_total: MaxTotalOption = None,
    max_cost: MaxCostOption = None,
    price: PriceOption = None,
    validator_price: ValidatorPriceOption = None,
    is_debug: DebugOption = False,
) -> None:
    """Draw answers of a model to a SET of questions, and pair right ones with wrong ones.

    With --form stage, pair what a search that came to a right one chose at every stage with the other
    candidates. Right is what agrees with the SET's answers, which the model does not see. Killed and started
    again, it goes on. Exit code 1 at the end of the budget, and where questions failed.
    """
    from langchain_llava_o1.data.annotation.plan import AnnotationPlan
    from langchain_llava_o1.data.annotation.preference_pairs import draw_preference_pairs
    from langchain_llava_o1.data.annotation.spending import Budget

    questions = open_set(path, pictures, columns, allow_benchmark=allow_benchmark)
    answering = read_model(
        model,
        base_url=base_url,
        requests_per_second=requests_per_second,
        parameters={"max_tokens": max_tokens},
    )
    search = read_strategy(
        strategy or ("stage-beam" if form == "stage" else None),
        read_judge(judge, judge_model, judge_kind, judge_base_url, judge_settings),
        candidates,
        temperature,
        further,
        default="single",
    )
    with checking_usage():
        plan = AnnotationPlan(
            teacher=answering,
            validator=read_validator(
                validator, answering, base_url=validator_base_url, requests_per_second=requests_per_second
            ),
            strategy=search,
            shows_reference=False,
            retries=retries,
            budget=Budget(max_tokens_total, max_cost),
            prices=read_prices(price, validator_price, max_cost),
        )
        report = run_until_interrupted(
            draw_preference_pairs(
                questions,
                out,
                plan,
                num_answers=answers,
                max_pairs=max_pairs,
                form=form,
                concurrency=concurrency,
                report_progress=Ticker(_describe).show,
                report_problems=tell_problems,
            )
        )
    for id, reason in list(report.failures.items())[:_FAILURES_TOLD]:
        write_error(f"llava-o1: warning: {id}: {reason}")
    write_output(f"{out}: {_describe(report)}\n")
    leave_if_budget_is_reached(is_reached=report.is_budget_reached)
    leave_if_questions_failed(len(report.failures), "The first reasons are above.")


def _describe(report: "PairReport") -> str:
    cost = f", cost {report.cost:,.4f}" if report.cost else ""
    problems = f", {describe_problems(report.num_problems)} in lines" if report.num_problems else ""
    usage = report.usage
    return (
        f"{report.num_pairs:,} pairs of {report.num_done:,}/{report.num_questions:,} questions{problems}; "
        f"{usage.num_calls:,} calls, {usage.input_tokens:,} tokens read, "
        f"{usage.output_tokens:,} generated{cost}"
    )
