"""`llava-o1 bench grade`: the answers of a comparison, graded anew."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from langchain_llava_o1.cli.answering import run_until_interrupted
from langchain_llava_o1.cli.bench.accuracy_options import (
    CompatibleOption,
    DataOption,
    GraderOption,
    GraderPriceOption,
    GraderUrlOption,
)
from langchain_llava_o1.cli.bench.options import ConcurrencyOption
from langchain_llava_o1.cli.bench.paying import read_purse, read_resources
from langchain_llava_o1.cli.bench.tables import Counter, say_damage
from langchain_llava_o1.cli.data.teaching import read_price
from langchain_llava_o1.cli.failures import checking_usage
from langchain_llava_o1.cli.options import DebugOption
from langchain_llava_o1.cli.output import write_output

if TYPE_CHECKING:
    from langchain_llava_o1.evaluation.benchmark import Resources
    from langchain_llava_o1.evaluation.outcome_log import Cell

FolderArgument = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="What `bench accuracy --compare … --out FOLDER` wrote.")
]
OutOption = Annotated[
    Path, typer.Option("--out", metavar="FOLDER", help="Another folder, for the answers with their grades.")
]


def grade(
    folder: FolderArgument,
    out: OutOption,
    grader: GraderOption = None,
    grader_base_url: GraderUrlOption = None,
    is_compatible: CompatibleOption = False,
    grader_price: GraderPriceOption = None,
    data: DataOption = None,
    concurrency: ConcurrencyOption = 48,
    is_debug: DebugOption = False,
) -> None:
    """Grade the answers of a comparison anew, with another grader or by other rules.

    No question is asked again. The same command goes on where it was interrupted.
    """
    from langchain_llava_o1.evaluation.grading.reply_cache import REPLIES_FILE
    from langchain_llava_o1.evaluation.results.run_folder import read_runs
    from langchain_llava_o1.evaluation.results.run_report import report_run

    if out.resolve() == folder.resolve():
        raise typer.BadParameter(f"{out} holds the answers; name another folder.", param_hint="--out")
    with checking_usage():
        found = list(dict.fromkeys(cell.folder for run in read_runs([folder]) for cell in run.cells))
    out.mkdir(parents=True, exist_ok=True)
    if (folder / REPLIES_FILE).exists() and not (out / REPLIES_FILE).exists():
        shutil.copyfile(folder / REPLIES_FILE, out / REPLIES_FILE)
    purse = read_purse(None, grader_price, None)
    resources = read_resources(data, grader, grader_base_url, purse, folder=out, is_compatible=is_compatible)
    run_until_interrupted(_grade_all(found, out, resources, concurrency))
    price = None if grader_price is None else read_price(grader_price, "--grader-price")
    report = report_run([out], grader_price=price, items=0, resources=resources)
    report.write_tables(out)
    write_output(report.markdown)


async def _grade_all(sources: list[Path], out: Path, resources: "Resources", concurrency: int) -> None:
    from langchain_llava_o1.evaluation.regrading import regrade

    counters: dict[Cell, Counter] = {}

    for source in sources:

        def start(cell: "Cell", num_items: int, source: Path = source) -> None:
            counters[cell] = Counter(num_items, f"{source.name}: {cell.search}, N={cell.candidates}: ")

        await regrade(
            source,
            out / source.name,
            resources,
            concurrency=concurrency,
            report_start=start,
            report=lambda cell, outcome: counters[cell].add(outcome),
            report_damage=say_damage,
        )
