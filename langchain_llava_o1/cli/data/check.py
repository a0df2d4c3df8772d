"""`llava-o1 data check`: what is wrong with a training set."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from langchain_llava_o1.cli.data.options import (
    AllowBenchmarkOption,
    ColumnsOption,
    DecodeOption,
    JsonOption,
    PicturesOption,
    SetArgument,
    count_lines,
    open_set,
)
from langchain_llava_o1.cli.exit_codes import EXIT_FAILED
from langchain_llava_o1.cli.options import DebugOption, ModelOption
from langchain_llava_o1.cli.output import write_output

if TYPE_CHECKING:
    from langchain_llava_o1.data.checking import CheckReport
    from langchain_llava_o1.data.checks.lengths import LengthCheck

_DEFAULT_MODEL = "tiny"

CharactersOption = Annotated[
    bool, typer.Option("--characters", help="Count characters in the place of tokens.")
]
LongestOption = Annotated[
    int | None,
    typer.Option(
        "--longest", min=1, help="Greatest length that is no problem. Default: any.", show_default=False
    ),
]
MaxProblemsOption = Annotated[
    int, typer.Option("--problems", min=0, help="Most problems of a kind that are told; all are counted.")
]
StrictOption = Annotated[bool, typer.Option("--strict", help="Leave exit code 1 if there is any problem.")]


def check(
    path: SetArgument,
    pictures: PicturesOption = None,
    columns: ColumnsOption = None,
    allow_benchmark: AllowBenchmarkOption = False,
    model: ModelOption = None,
    counts_characters: CharactersOption = False,
    longest: LongestOption = None,
    is_decoding: DecodeOption = True,
    max_problems: MaxProblemsOption = 5,
    is_strict: StrictOption = False,
    is_json: JsonOption = False,
    is_debug: DebugOption = False,
) -> None:
    """Look through a SET for faults.

    Tags, missing and broken pictures, duplicates and near duplicates, refusals, answers that the summary
    gives away, scripts, and lengths in tokens of the model.
    """
    from langchain_llava_o1.data.checking import check_set, default_checks

    training_set = open_set(path, pictures, columns, allow_benchmark=allow_benchmark)
    report = check_set(
        training_set,
        default_checks(_measure_lengths(model, longest, counts_characters=counts_characters)),
        decode_pictures=is_decoding,
        max_problems=max_problems,
        report_line=count_lines,
    )
    write_output(json.dumps(report.as_json()) + "\n" if is_json else write_table(report))
    if is_strict and report.num_problems:
        raise typer.Exit(EXIT_FAILED)


def _measure_lengths(model: str | None, longest: int | None, *, counts_characters: bool) -> "LengthCheck":
    from langchain_llava_o1.data.checks.lengths import LengthCheck, open_token_counter

    if counts_characters:
        return LengthCheck(unit="characters", longest=longest)
    return LengthCheck(open_token_counter(model or _DEFAULT_MODEL), unit="tokens", longest=longest)


def write_table(report: "CheckReport") -> str:
    """Write a report for people."""
    lines = [
        f"{report.file}: {report.num_lines:,} lines, {report.num_examples:,} examples, {report.num_turns:,} "
        f"questions, {report.num_pictures:,} pictures"
    ]
    lengths = dict(report.summary.get("lengths", {}))
    if unit := lengths.pop("unit", None):
        lines.append(f"{unit:<12} " + ", ".join(f"{name} {value:,}" for name, value in lengths.items()))
    if scripts := report.summary.get("scripts"):
        lines.append(
            f"{'scripts':<12} " + ", ".join(f"{name} {share:.1%}" for name, share in scripts.items())
        )
    if not report.num_problems:
        return "\n".join([*lines, "", "No problems."]) + "\n"
    width = max(map(len, report.num_problems))
    lines += ["", f"{'problem':<{width}}  lines"]
    lines += [f"{kind:<{width}}  {number:>5,}" for kind, number in report.num_problems.items()]
    for kind, number in report.num_problems.items():
        told = [problem for problem in report.problems if problem.kind == kind]
        if told:
            lines += ["", f"{kind} ({len(told):,} of {number:,}):", *map(str, told)]
    return "\n".join(lines) + "\n"
