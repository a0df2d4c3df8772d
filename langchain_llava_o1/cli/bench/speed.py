"""`llava-o1 bench speed`: how fast the engine runs a search."""

import json
from typing import Annotated

import typer

from langchain_llava_o1.cli.bench.options import JsonOption
from langchain_llava_o1.cli.options import DebugOption, ModelOption
from langchain_llava_o1.cli.output import write_error, write_output
from langchain_llava_o1.evaluation.speed import Shape, Way


def speed(
    model: ModelOption = None,
    shape: Annotated[
        Shape | None,
        typer.Option(help="Size of a checkpoint with random weights. Default: small.", show_default=False),
    ] = None,
    candidates: Annotated[int, typer.Option(min=1, max=64, help="Candidates per stage.")] = 4,
    questions: Annotated[int, typer.Option(min=1, help="Questions under way at once.")] = 1,
    repeats: Annotated[int, typer.Option(min=1, help="Runs of each way; the median counts.")] = 3,
    only: Annotated[
        list[Way] | None,
        typer.Option(help="A way to measure, may be repeated. Default: all four.", show_default=False),
    ] = None,
    decode_rows: Annotated[
        list[int] | None,
        typer.Option(
            min=1,
            help="Rows of a batch whose decode step is measured alone, may be repeated.",
            show_default=False,
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Where to run. Default: the best there is.", show_default=False)
    ] = None,
    is_json: JsonOption = False,
    is_debug: DebugOption = False,
) -> None:
    """Run the search with transformers' generate and with the engine, side by side."""
    from langchain_llava_o1.engine.loading.libraries import import_libraries
    from langchain_llava_o1.tiny import EMBEDDED_MODEL

    # What is measured imports them, too, and would let them print what they miss.
    import_libraries()
    from langchain_llava_o1.evaluation.speed.table import measure_overhead, measure_speed, speed_table

    source = shape or (Shape.TINY if model == EMBEDDED_MODEL else model) or Shape.SMALL

    def report_run(name: str, seconds: float) -> None:
        write_error(f"{name} {seconds:.2f} s")

    report = measure_speed(
        source,
        candidates=candidates,
        questions=questions,
        repeats=repeats,
        ways=only or list(Way),
        decode_rows=decode_rows or (),
        device=device,
        report_run=report_run,
    )
    overhead = measure_overhead(
        source, candidates=candidates, repeats=repeats, device=device, report_run=report_run
    )
    if is_json:
        write_output(json.dumps(report.as_json() | {"overhead": overhead.as_json()}) + "\n")
    else:
        write_output(speed_table(report, overhead))
