"""`llava-o1 bench report`: the tables and the page of folders of answers."""

from pathlib import Path
from typing import Annotated

import typer

from langchain_llava_o1.cli.bench.accuracy_options import DataOption, GraderPriceOption
from langchain_llava_o1.cli.bench.options import JsonOption
from langchain_llava_o1.cli.data.teaching import read_price
from langchain_llava_o1.cli.failures import checking_usage
from langchain_llava_o1.cli.options import DebugOption
from langchain_llava_o1.cli.output import write_error, write_output
from langchain_llava_o1.cli.report import check_page_path, write_page

_PAGE = "report.html"

FoldersArgument = Annotated[
    list[Path],
    typer.Argument(
        metavar="FOLDER…",
        help="What `bench accuracy --compare … --out FOLDER` wrote; several are put side by side.",
        show_default=False,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help=f"The page; several folders need it. Default: {_PAGE} in the folder.",
        show_default=False,
    ),
]
ShownItemsOption = Annotated[
    int, typer.Option("--items", min=0, help="Items in the page on which strategies disagree, at most.")
]

PricesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--price",
        metavar="READ,GENERATED",
        help="What a million tokens of the model cost, as in 2.5,10. Once for each folder, in their order, "
        "or once for all.",
        show_default=False,
    ),
]


def report(
    folders: FoldersArgument,
    out: OutOption = None,
    items: ShownItemsOption = 40,
    data: DataOption = None,
    price: PricesOption = None,
    grader_price: GraderPriceOption = None,
    is_json: JsonOption = False,
    is_debug: DebugOption = False,
) -> None:
    """Write the tables of a comparison, and a page to look through; no model is asked.

    The tables go into the folder. Several folders, such as those of two models, are put side by side, with
    the page in FILE and the tables beside it.
    """
    from langchain_llava_o1.evaluation.benchmark import Resources
    from langchain_llava_o1.evaluation.results.run_report import report_run

    paid = [read_price(each, "--price") for each in price or ()]
    graded = None if grader_price is None else read_price(grader_price, "--grader-price")
    if out is None and len(folders) > 1:
        raise typer.BadParameter(f"is missing; {len(folders)} folders need it.", param_hint="--out")
    page_path = folders[0] / _PAGE if out is None else out
    folder = folders[0] if len(folders) == 1 else page_path.parent
    with checking_usage():
        found = report_run(folders, prices=paid, grader_price=graded, items=items, resources=Resources(data))
        check_page_path(page_path, "--out")
    found.write_tables(folder)
    write_page(found.page, page_path)
    for problem in found.problems:
        write_error(f"{problem} The page has no pictures of it.")
    write_output(found.json if is_json else found.markdown)
    write_error(f"Written: {page_path}, and comparison.md, .csv and .json in {folder}")
