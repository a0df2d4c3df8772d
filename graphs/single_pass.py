"""A single pass for LangGraph Studio, with the model that ``LLAVA_O1_MODEL`` names."""

from functools import cache
from typing import Any

from langgraph.graph.state import CompiledStateGraph

from langchain_llava_o1 import ChatLlavaO1, create_single_pass


@cache
def create_graph() -> CompiledStateGraph[Any, Any, Any, Any]:
    """Build the graph. Weights are loaded when the first question is asked, not here.

    There is no checkpointer: the server brings its own.
    """
    return create_single_pass(ChatLlavaO1()).compile(name="single_pass")
