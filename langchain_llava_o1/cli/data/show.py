"""`llava-o1 data show`: a sample of a training set as a page."""

from pathlib import Path
from typing import Annotated

import typer

from langchain_llava_o1.cli.data.line_problems import telling_problems
from langchain_llava_o1.cli.data.options import (
    AllowBenchmarkOption,
    ColumnsOption,
    PicturesOption,
    SetArgument,
    open_set,
)
from langchain_llava_o1.cli.failures import checking_usage
from langchain_llava_o1.cli.options import DebugOption
from langchain_llava_o1.cli.output import write_error
from langchain_llava_o1.cli.report import check_page_path, write_page


def show(
    path: SetArgument,
    out: Annotated[Path, typer.Option("--out", metavar="PAGE", help="File to write, as in page.html.")],
    size: Annotated[int, typer.Option("--sample", min=1, help="Examples to show.")] = 20,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed shows the same examples.")] = 0,
    pictures: PicturesOption = None,
    columns: ColumnsOption = None,
    allow_benchmark: AllowBenchmarkOption = False,
    is_debug: DebugOption = False,
) -> None:
    """Write a page with a sample of a SET: pictures, questions, stages and answers."""
    from langchain_llava_o1.data.page import render_sample
    from langchain_llava_o1.data.sampling import draw_sample

    with checking_usage():
        check_page_path(out, "--out")
    training_set = open_set(path, pictures, columns, allow_benchmark=allow_benchmark)
    with telling_problems() as report_problem:
        examples = draw_sample(training_set.read_examples(report_problem), size, seed)
    note = f"{len(examples)} examples, drawn at random with seed {seed}."
    write_page(render_sample(training_set, examples, note=note), out)
    write_error(f"llava-o1: {len(examples)} examples are shown in {out}")
