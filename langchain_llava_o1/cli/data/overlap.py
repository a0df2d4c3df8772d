"""`llava-o1 data overlap`: items of benchmarks in a training set."""

import json
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from langchain_llava_o1.cli.data.options import (
    ColumnsOption,
    JsonOption,
    PicturesOption,
    SetArgument,
    count_lines,
    open_set,
)
from langchain_llava_o1.cli.exit_codes import EXIT_FAILED
from langchain_llava_o1.cli.failures import checking_usage
from langchain_llava_o1.cli.options import DebugOption
from langchain_llava_o1.cli.output import write_output

if TYPE_CHECKING:
    from langchain_llava_o1.data.overlap import OverlapReport

BenchmarksArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="BENCHMARK...",
        help="TSV files, other sets, or names such as MMStar of files in $LMUData.",
        show_default=False,
    ),
]
ComparedOption = Annotated[
    Literal["picture", "question", "both"], typer.Option("--by", help="What is compared.")
]
MaxOverlapsOption = Annotated[
    int, typer.Option("--examples", min=0, help="Most examples that are told; all are counted.")
]


def overlap(
    path: SetArgument,
    benchmarks: BenchmarksArgument,
    pictures: PicturesOption = None,
    columns: ColumnsOption = None,
    compared: ComparedOption = "both",
    max_overlaps: MaxOverlapsOption = 20,
    is_json: JsonOption = False,
    is_debug: DebugOption = False,
) -> None:
    """Find items of benchmarks in a SET; exit code 1 if there are any.

    Pictures are compared by their pixels, so that a copy that was scaled, cut or compressed anew is not
    found; questions word by word, so that a rephrased one is not found.
    """
    from langchain_llava_o1.data.opening import open_evaluation_set
    from langchain_llava_o1.data.overlap import TRAITS, find_overlap

    # Nothing learns from it, and benchmarks may well be compared with each other.
    training_set = open_set(path, pictures, columns, allow_benchmark=True)
    with checking_usage():
        opened = [open_evaluation_set(benchmark) for benchmark in benchmarks]
    report = find_overlap(
        training_set,
        opened,
        compared=TRAITS if compared == "both" else (compared,),
        max_overlaps=max_overlaps,
        report_line=count_lines,
    )
    write_output(json.dumps(report.as_json()) + "\n" if is_json else write_table(report))
    if not report.is_clean:
        raise typer.Exit(EXIT_FAILED)


def write_table(report: "OverlapReport") -> str:
    """Write a report for people."""
    lines = [f"{report.file}: {report.num_examples:,} examples", "", "examples  items found       benchmark"]
    for found in report.benchmarks:
        items = f"{found.num_items_found:,} of {found.num_items:,}"
        shared = ", ".join(f"{number:,} by {trait}" for trait, number in found.by_trait.items())
        lines.append(
            f"{found.num_examples:>8,}  {items:<16}  {found.benchmark}{f' ({shared})' if shared else ''}"
        )
    if report.overlaps:
        lines.append("")
    for each in report.overlaps:
        items = ", ".join(each.items[:5]) + (", …" if len(each.items) > 5 else "")
        lines.append(
            f"{each.location}: {each.id} has the {' and '.join(each.shared)} of {each.benchmark}: {items}"
        )
    if report.num_unread_pictures:
        lines += [
            "",
            f"Pictures that could not be read, and were not compared: {report.num_unread_pictures:,}.",
        ]
    if report.problems:
        lines += ["", "Lines that were not compared:", *map(str, report.problems)]
    return "\n".join(lines) + "\n"
