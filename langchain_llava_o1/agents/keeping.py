"""Pictures of an agent's conversation, read before they are kept and kept once, as a search's are."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from langchain_llava_o1.agents.failures import describe_failure
from langchain_llava_o1.errors import ConfigurationError, ImageError
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.search.attachments import AttachmentReader, problem_of
from langchain_llava_o1.search.conversation_graph import CompiledConversation
from langchain_llava_o1.search.kept_pictures import (
    Block,
    akeep_pictures,
    arestore_pictures,
    change_blocks,
    keep_pictures,
    restore_pictures,
)
from langchain_llava_o1.staging import capabilities

try:
    from langchain.agents.middleware import AgentMiddleware, AgentState, ModelRequest, ModelResponse
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        'KeepPicturesMiddleware needs LangChain\'s agents: pip install "langchain-llava-o1[agent]".'
    ) from error

_MAX_PIXELS = 2048 * 1536
"""About what hosted models look at before they shrink a picture themselves."""


class KeepPicturesMiddleware(AgentMiddleware[AgentState[Any], Any, Any]):
    """Keeps the pictures of an agent's conversation small, and what cannot be read out of it.

    Pictures are checked, shrunk and, where the agent has a store, kept there once by content; its messages
    have small copies that refer to them. The agent's model is sent the pictures themselves, as they are kept;
    ``VisualReasoningTool`` and ``VisualReasoningMiddleware`` look at these, too. In the place of a picture
    that cannot be read the model is sent a text that says why.

    Other middleware that looks at pictures belongs after this one.

    LangGraph saves what an agent is sent before any middleware runs. So that the picture as it was sent is
    not saved either, let ``on_intake`` read it first.

    Example:
        ```python
        from langchain.agents import create_agent
        from langchain_llava_o1 import KeepPicturesMiddleware, VisualReasoningTool

        keeping = KeepPicturesMiddleware()
        agent = keeping.on_intake(
            create_agent("openai:gpt-5.2", tools=[VisualReasoningTool()], middleware=[keeping])
        )
        ```
    """

    def __init__(self, max_pixels: int | None = _MAX_PIXELS, policy: ImagePolicy | None = None) -> None:
        """Choose what is kept.

        Args:
            max_pixels: Pixels that a picture has at most after it is shrunk; None keeps it as it is sent.
            policy: Which pictures are taken in; by default what the environment says.

        Raises:
            ConfigurationError: If ``max_pixels`` is not positive.
        """
        super().__init__()
        if max_pixels is not None and max_pixels < 1:
            raise ConfigurationError(
                f"max_pixels is {max_pixels}; give the most pixels of a picture, such as {_MAX_PIXELS}, or "
                "None to keep pictures as they are sent."
            )
        self._attachments = AttachmentReader(
            policy=policy or ImagePolicy.from_environment(),
            profile={capabilities.MAX_IMAGE_PIXELS: max_pixels},
        )

    def on_intake(
        self, agent: CompiledStateGraph[Any, Any, Any, Any]
    ) -> CompiledStateGraph[Any, Any, Any, Any]:
        """Return an agent that reads attachments before anything of what it is sent is saved or streamed.

        Args:
            agent: What ``create_agent`` returned, with this middleware.

        Raises:
            ConfigurationError: If it is no compiled graph.
        """
        if not isinstance(agent, CompiledStateGraph):
            raise ConfigurationError(f"agent is a {type(agent).__name__}; give what create_agent returned.")
        return CompiledConversation.of(agent, self._attachments, takes_form=False)

    def before_model(self, state: AgentState[Any], runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Read what the conversation has got since the model was called, and keep its pictures."""
        new = _new_messages(state["messages"])
        read, files = self._attachments.read(new, refers=runtime.store is not None)
        if runtime.store is not None:
            keep_pictures(runtime.store, files)
        return _update(new, read)

    async def abefore_model(self, state: AgentState[Any], runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Do what ``before_model`` does without blocking the event loop."""
        new = _new_messages(state["messages"])
        refers = runtime.store is not None
        read, files = await asyncio.to_thread(self._attachments.read, new, refers=refers)
        if runtime.store is not None:
            await akeep_pictures(runtime.store, files)
        return _update(new, read)

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Send the model the pictures themselves."""
        told = [change_blocks(message, _tell_problem) for message in request.messages]
        return handler(request.override(messages=restore_pictures(told, request.runtime.store)))  # type: ignore[arg-type]

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """Send the model the pictures themselves."""
        told = [change_blocks(message, _tell_problem) for message in request.messages]
        restored = await arestore_pictures(told, request.runtime.store)
        return await handler(request.override(messages=restored))  # type: ignore[arg-type]


def _new_messages(messages: Sequence[BaseMessage]) -> Sequence[BaseMessage]:
    """Return what is to be read: what tools brought, and in each turn all once, for a thread of earlier."""
    if messages and isinstance(messages[-1], HumanMessage):
        return messages
    num_read = max((n for n, each in enumerate(messages, 1) if isinstance(each, AIMessage)), default=0)
    return messages[num_read:]


def _update(new: Sequence[BaseMessage], read: Sequence[BaseMessage]) -> dict[str, Any] | None:
    changed = [after for before, after in zip(new, read, strict=True) if after is not before]
    return {"messages": changed} if changed else None


def _tell_problem(block: Block) -> list[Block]:
    problem = problem_of(block)
    if problem is None:
        return [block]
    return [{"type": "text", "text": f"[Left out: {describe_failure(ImageError(problem))}]"}]
