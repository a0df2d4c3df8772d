"""An agent that answers questions about pictures with ``VisualReasoningTool``, for LangGraph Studio.

Its model is the one that the run's settings or ``LLAVA_O1_AGENT_MODEL`` name; without either a scripted one,
which only hands the question to the tool and its answer back, so that the graph runs with no key.
"""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from langgraph.errors import GraphBubbleUp
from langgraph.graph.state import CompiledStateGraph
from pydantic import BaseModel, Field

from langchain_llava_o1 import KeepPicturesMiddleware, VisualReasoningTool
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.tiny.agent_model import ScriptedAgentModel
from langchain_llava_o1.validation import PlainRefusals

_KEY = re.compile(r"\b[A-Z][A-Z0-9_]*_(?:API_KEY|TOKEN)\b")
"""What providers call the variables that hold a key, in the errors that miss it."""

_PROMPT = (
    "You help with pictures. Ask the visual_reasoning tool whenever an answer depends on what a picture "
    "shows, one complete question at a time, and rely on what it answers. If it says that something is "
    "missing, ask the user for it."
)


class AgentContext(PlainRefusals, BaseModel):
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
        with _failures_told():
            return handler(request.override(model=model) if model else request)

    async def awrap_model_call(
        self,
        request: ModelRequest[AgentContext],
        handler: Callable[[ModelRequest[AgentContext]], Awaitable[ModelResponse]],
    ) -> ModelResponse:
        """Put the chosen model in the place of the agent's."""
        # A provider's package is imported on first use, which reads files.
        model = await asyncio.to_thread(_chosen_model, request)
        with _failures_told():
            return await handler(request.override(model=model) if model else request)


@cache
def create_graph() -> CompiledStateGraph[Any, Any, Any, Any]:
    """Build the graph. Models are loaded when they are first asked, not here."""
    keeping = KeepPicturesMiddleware()
    agent = create_agent(
        ScriptedAgentModel(),
        tools=[VisualReasoningTool()],
        system_prompt=_PROMPT,
        middleware=[keeping, ChosenModel()],
        context_schema=AgentContext,
        name="agent",
    )
    return keeping.on_intake(agent)


def _chosen_model(request: ModelRequest[AgentContext]) -> BaseChatModel | None:
    context: Any = request.runtime.context
    chosen = AgentContext.model_validate(context or {}).model or os.environ.get("LLAVA_O1_AGENT_MODEL")
    if not chosen:
        return None
    try:
        return init_chat_model(chosen)
    except Exception as error:
        raise ConfigurationError(_explain(chosen, error)) from error


@contextmanager
def _failures_told() -> Iterator[None]:
    """Make a provider's failure readable: of an error that it does not know a server says nothing."""
    try:
        yield
    except (ValueError, RuntimeError, TimeoutError, GraphBubbleUp):
        raise
    except Exception as error:
        raise RuntimeError(f"The agent's model failed ({type(error).__name__}: {error}).") from error


def _explain(chosen: str, error: Exception) -> str:
    """Say why a model cannot be had, and what to do."""
    key = next(iter(_KEY.findall(str(error))), None)
    if key:
        return (
            f"The agent's model {chosen!r} needs a key, and {key} is not set. Set it where the server is "
            f"started, with `export {key}=…` before `make studio`, and start the server again; or name "
            "another model in the run's setting `model`."
        )
    return (
        f"The agent's model {chosen!r} cannot be had: {error} Name another one in the run's setting `model` "
        "or in LLAVA_O1_AGENT_MODEL."
    )
