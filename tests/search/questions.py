"""The question that the searches under test are asked."""

import base64
from typing import Any

from langchain_core.messages import HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph.state import CompiledStateGraph

from langchain_llava_o1.judges.judge import Judge
from langchain_llava_o1.search.builder import SearchGraph
from langchain_llava_o1.search.stage_beam import create_stage_beam
from langchain_llava_o1.staging.stages import STAGES
from tests.pictures.files import PNG
from tests.scripted_model import ScriptedModel

QUESTION = "How many cats? <CAPTION>none</CAPTION>"
NAMES = [stage.name for stage in STAGES]


def ask(picture: bytes = PNG) -> dict[str, Any]:
    image = {"type": "image", "base64": base64.b64encode(picture).decode(), "mime_type": "image/png"}
    return {"messages": [HumanMessage([{"type": "text", "text": QUESTION}, image])]}


def compiled(
    model: ScriptedModel, *, judge: Judge | None = None, checkpointer: InMemorySaver | None = None
) -> CompiledStateGraph[Any, Any, Any, Any]:
    return create_stage_beam(model, judge=judge).compile(checkpointer=checkpointer)


def obeyed(search: SearchGraph, **settings: Any) -> dict[str, Any]:
    """Leave out the settings that a search does not have."""
    schema: Any = search.context_schema
    return {name: value for name, value in settings.items() if name in schema.model_fields}
