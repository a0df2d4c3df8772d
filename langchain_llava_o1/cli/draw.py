"""`llava-o1 draw`: the search as a Mermaid diagram."""

from typing import Annotated

import typer

from langchain_llava_o1.cli.options import DebugOption, JudgeOption, StrategyOption
from langchain_llava_o1.cli.output import write_output
from langchain_llava_o1.search.catalogue import DEFAULT_SEARCH, find_search

_DRAWN_JUDGE = "generative"


def draw(
    strategy: StrategyOption = DEFAULT_SEARCH,
    judge: JudgeOption = _DRAWN_JUDGE,
    is_xray: Annotated[
        bool, typer.Option("--xray/--no-xray", help="Draw the inside of every stage, or the stages alone.")
    ] = True,
    is_debug: DebugOption = False,
) -> None:
    """Print the graph of a search as Mermaid text."""
    from langchain_llava_o1 import ChatLlavaO1

    search = find_search(strategy)
    # Drawing runs nothing, so the model is named and never loaded.
    graph = search.create(ChatLlavaO1(model="tiny"), judge if judge and search.takes(judge) else None)
    write_output(graph.compile().get_graph(xray=is_xray).draw_mermaid())
