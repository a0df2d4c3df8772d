"""The searches for LangGraph Studio, with the model that ``LLAVA_O1_MODEL`` names.

A line for each graph that the catalogue names; ``langgraph.json`` finds them here.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from langgraph.graph.state import CompiledStateGraph

from langchain_llava_o1 import ChatLlavaO1
from langchain_llava_o1.search.catalogue import find_search
from langchain_llava_o1.search.events import STREAM_TEXT

GraphFactory = Callable[[], CompiledStateGraph[Any, Any, Any, Any]]


def _factory_of(search: str) -> GraphFactory:
    entry = find_search(search)

    @cache
    def create_graph() -> CompiledStateGraph[Any, Any, Any, Any]:
        """Build the graph. Weights are loaded when the first question is asked, not here.

        There is no checkpointer: the server brings its own.
        """
        graph = entry.create(ChatLlavaO1()).compile(name=entry.graph_name)
        # Chat pages show the text of a single candidate as it is written.
        return graph.with_config(configurable={STREAM_TEXT: True})

    return create_graph


stage_beam = _factory_of("stage-beam")
best_of_n = _factory_of("best-of-n")
self_consistency = _factory_of("self-consistency")
sentence_beam = _factory_of("sentence-beam")
swires = _factory_of("swires")
single_pass = _factory_of("single")
