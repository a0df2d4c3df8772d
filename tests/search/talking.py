"""A conversation with a search: one question after the other in a thread."""

from typing import Any

from langchain_core.messages import BaseMessage, HumanMessage
from langgraph.graph.state import CompiledStateGraph

from langchain_llava_o1.staging import capabilities
from tests.scripted_model import ScriptedModel

Search = CompiledStateGraph[Any, Any, Any, Any]
THREAD: Any = {"configurable": {"thread_id": "1"}}
CONTEXT = {"seed": 1}


def scripted(profile: dict[str, Any]) -> ScriptedModel:
    return ScriptedModel(profile={capabilities.PREFILL: True, **profile})  # type: ignore[typeddict-unknown-key]


def say(graph: Search, text: str, *blocks: dict[str, Any], **context: Any) -> BaseMessage:
    message = HumanMessage([*blocks, {"type": "text", "text": text}])
    state = graph.invoke({"messages": [message]}, THREAD, context={**CONTEXT, **context})
    answer: BaseMessage = state["messages"][-1]
    return answer
