"""`llava-o1 draw`: the search as a Mermaid diagram."""

from typing import Annotated

import typer

from langchain_llava_o1.cli.failures import checking_usage
from langchain_llava_o1.cli.judge_options import (
    JudgeKindOption,
    JudgeModelOption,
    JudgeOption,
    JudgeSettingsOption,
    JudgeUrlOption,
    read_judge,
)
from langchain_llava_o1.cli.options import (
    DebugOption,
    StrategyOption,
)
from langchain_llava_o1.cli.output import write_output
from langchain_llava_o1.search.catalogue import DEFAULT_SEARCH, find_search


def draw(
    strategy: StrategyOption = DEFAULT_SEARCH,
    judge: JudgeOption = None,
    judge_model: JudgeModelOption = None,
    judge_base_url: JudgeUrlOption = None,
    judge_kind: JudgeKindOption = None,
    judge_settings: JudgeSettingsOption = None,
    is_xray: Annotated[
        bool, typer.Option("--xray/--no-xray", help="Draw the inside of every stage, or the stages alone.")
    ] = True,
    is_debug: DebugOption = False,
) -> None:
    """Print the graph of a search as Mermaid text."""
    from langchain_llava_o1 import ChatLlavaO1

    # Drawing runs nothing, so the model is never loaded; the default judge is that of every checkpoint.
    with checking_usage():
        graph = find_search(strategy).create(
            ChatLlavaO1(model="tiny"),
            read_judge(judge, judge_model, judge_kind, judge_base_url, judge_settings),
        )
    write_output(graph.compile().get_graph(xray=is_xray).draw_mermaid())
