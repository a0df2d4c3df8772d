"""`llava-o1 data`: training sets made, looked at, checked and mixed, a module each; `app` mounts them."""

import typer

from langchain_llava_o1.cli.data.annotate import annotate
from langchain_llava_o1.cli.data.check import check
from langchain_llava_o1.cli.data.mix import mix
from langchain_llava_o1.cli.data.overlap import overlap
from langchain_llava_o1.cli.data.preference_pairs import preference_pairs
from langchain_llava_o1.cli.data.show import show

app = typer.Typer(help="Make training sets, look at them, check and mix them.", no_args_is_help=True)


@app.callback()
def data() -> None:
    """Make training sets, look at them, check them and mix new ones."""


app.command()(annotate)
app.command()(check)
app.command()(mix)
app.command()(overlap)
app.command()(preference_pairs)
app.command()(show)
