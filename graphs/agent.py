"""An agent that answers questions about pictures with ``VisualReasoningTool``, for LangGraph Studio.

Its model is the one that the run's settings or ``LLAVA_O1_AGENT_MODEL`` name; without either a scripted one,
which only hands the question to the tool and its answer back, so that the graph runs with no key.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from langgraph.graph.state import CompiledStateGraph
from pydantic import BaseModel, Field

from langchain_llava_o1 import VisualReasoningTool
from langchain_llava_o1.tiny.agent_model import ScriptedAgentModel

_PROMPT = (
    "You help with pictures. Ask the visual_reasoning tool whenever an answer depends on what a picture "
    "shows, one complete question at a time, and rely on what it answers. If it says that something is "
    "missing, ask the user for it."
)


class AgentContext(BaseModel):
    """Settings of a run of the agent."""

    model: str | None = Field(
        default=None,
        description="The agent's own model, as `init_chat_model` takes it: openai:gpt-5.2, anthropic:…, "
        "ollama:…. Empty takes LLAVA_O1_AGENT_MODEL, else the scripted model.",
    )


class ChosenModel(AgentMiddleware[Any, AgentContext]):
    """Answers with the model that the run's settings name."""

    def wrap_model_call(
        self,
        request: ModelRequest[AgentContext],
        handler: Callable[[ModelRequest[AgentContext]], ModelResponse],
    ) -> ModelResponse:
        """Put the chosen model in the place of the agent's."""
        model = _chosen_model(request)
        return handler(request.override(model=model) if model else request)

    async def awrap_model_call(
        self,
        request: ModelRequest[AgentContext],
        handler: Callable[[ModelRequest[AgentContext]], Awaitable[ModelResponse]],
    ) -> ModelResponse:
        """Put the chosen model in the place of the agent's."""
        # A provider's package is imported on first use, which reads files.
        model = await asyncio.to_thread(_chosen_model, request)
        return await handler(request.override(model=model) if model else request)


@cache
def create_graph() -> CompiledStateGraph[Any, Any, Any, Any]:
    """Build the graph. Models are loaded when they are first asked, not here."""
    return create_agent(
        ScriptedAgentModel(),
        tools=[VisualReasoningTool()],
        system_prompt=_PROMPT,
        middleware=[ChosenModel()],
        context_schema=AgentContext,
        name="agent",
    )


def _chosen_model(request: ModelRequest[AgentContext]) -> BaseChatModel | None:
    context: Any = request.runtime.context
    chosen = AgentContext.model_validate(context or {}).model or os.environ.get("LLAVA_O1_AGENT_MODEL")
    return init_chat_model(chosen) if chosen else None
