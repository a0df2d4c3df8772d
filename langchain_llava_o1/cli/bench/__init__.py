"""`llava-o1 bench`: measurements of accuracy and speed, a module each; `app` mounts them."""

import typer

from langchain_llava_o1.cli.bench.accuracy import accuracy
from langchain_llava_o1.cli.bench.conversation import conversation
from langchain_llava_o1.cli.bench.cutoff import cutoff
from langchain_llava_o1.cli.bench.fetch import fetch
from langchain_llava_o1.cli.bench.grade import grade
from langchain_llava_o1.cli.bench.judge import judge
from langchain_llava_o1.cli.bench.recall import recall
from langchain_llava_o1.cli.bench.report import report
from langchain_llava_o1.cli.bench.speed import speed

app = typer.Typer(help="Measure accuracy and speed.", no_args_is_help=True)


@app.callback()
def bench() -> None:
    """Measure what the model and its searches achieve."""


app.command()(accuracy)
app.command()(conversation)
app.command()(cutoff)
app.command()(fetch)
app.command()(grade)
app.command()(judge)
app.command()(recall)
app.command()(report)
app.command()(speed)
