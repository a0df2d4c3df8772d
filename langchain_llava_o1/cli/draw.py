"""`llava-o1 draw`: the search as a Mermaid diagram."""

from typing import Annotated

import typer

from langchain_llava_o1.cli.options import DebugOption
from langchain_llava_o1.cli.output import write_output


def draw(
    is_xray: Annotated[
        bool, typer.Option("--xray/--no-xray", help="Draw the inside of every stage, or the stages alone.")
    ] = True,
    is_debug: DebugOption = False,
) -> None:
    """Print the graph of the stage-level beam search as Mermaid text."""
    from langchain_llava_o1 import ChatLlavaO1, create_stage_beam

    # Drawing runs nothing, so the model is named and never loaded.
    graph = create_stage_beam(ChatLlavaO1(model="tiny")).compile()
    write_output(graph.get_graph(xray=is_xray).draw_mermaid())
