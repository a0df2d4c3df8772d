"""Asking a collection, and reading what an answer cites."""

from typing import Any

from langgraph.graph.state import CompiledStateGraph

from langchain_llava_o1 import Collection, StageBeamContext, create_multimodal_rag, create_stage_beam
from tests.scripted_model import ScriptedModel

ONE = StageBeamContext(candidates=1, seed=1)


def rag(
    collection: Collection, model: ScriptedModel, k: int = 2, **options: Any
) -> CompiledStateGraph[Any, Any, Any, Any]:
    return create_multimodal_rag(collection.as_retriever(k), create_stage_beam(model), **options).compile()


def cited(state: dict[str, Any]) -> list[str]:
    return [source["name"] for source in state["sources"] if source["is_cited"]]
