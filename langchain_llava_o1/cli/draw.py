"""`llava-o1 draw`: the search as a Mermaid diagram."""

from typing import Annotated

import typer

from langchain_llava_o1.cli.options import DebugOption, JudgeOption, StrategyOption
from langchain_llava_o1.cli.output import write_output
from langchain_llava_o1.evaluation import JudgeName, Strategy


def draw(
    strategy: StrategyOption = Strategy.STAGE_BEAM,
    judge: JudgeOption = JudgeName.GENERATIVE,
    is_xray: Annotated[
        bool, typer.Option("--xray/--no-xray", help="Draw the inside of every stage, or the stages alone.")
    ] = True,
    is_debug: DebugOption = False,
) -> None:
    """Print the graph of a search as Mermaid text."""
    from langchain_llava_o1 import ChatLlavaO1
    from langchain_llava_o1.evaluation.strategies import StrategySettings, create_search

    if not strategy.takes_any_judge:
        judge = None
    # Drawing runs nothing, so the model is named and never loaded.
    graph = create_search(ChatLlavaO1(model="tiny"), StrategySettings(strategy, judge, {})).compile()
    write_output(graph.get_graph(xray=is_xray).draw_mermaid())
