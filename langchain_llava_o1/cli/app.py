"""The `llava-o1` command: its commands, and the options of all of them."""

import logging
import os
from typing import Annotated

import typer

from langchain_llava_o1.cli.ask import ask
from langchain_llava_o1.cli.bench import app as bench_app
from langchain_llava_o1.cli.data import app as data_app
from langchain_llava_o1.cli.demo import demo
from langchain_llava_o1.cli.draw import draw
from langchain_llava_o1.cli.failures import FailureReportingGroup
from langchain_llava_o1.cli.index import index
from langchain_llava_o1.cli.mcp import mcp
from langchain_llava_o1.cli.options import DebugOption
from langchain_llava_o1.cli.output import write_output
from langchain_llava_o1.cli.train import train
from langchain_llava_o1.cli.web import app as web_app
from langchain_llava_o1.engine.loading.libraries import TORCHAO_LOGGERS

app = typer.Typer(
    name="llava-o1",
    cls=FailureReportingGroup,
    help="Answer questions about pictures in four stages, searched stage by stage.",
    no_args_is_help=True,
    # Typer's tables cut long option names off at 80 columns; plain text never does.
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(value: bool) -> None:
    if value:
        from langchain_llava_o1 import __version__

        write_output(f"llava-o1 {__version__}\n")
        raise typer.Exit


@app.callback()
def configure(
    is_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    is_debug: DebugOption = False,
) -> None:
    """Prepare the run of a command."""
    if is_debug:
        for name in TORCHAO_LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)
    else:
        # A failure is told in one line of our own; read by the libraries when they are first imported.
        os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
        os.environ.setdefault("HF_HUB_VERBOSITY", "error")


app.command()(ask)
app.command()(demo)
app.command()(draw)
app.command()(index)
app.command()(web_app)
app.command()(mcp)
app.command()(train)
app.add_typer(bench_app, name="bench")
app.add_typer(data_app, name="data")
