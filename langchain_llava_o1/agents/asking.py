"""A question put to a search, whether it runs here or on a LangGraph server."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from langchain_core.messages import BaseMessage
from langgraph.config import get_stream_writer
from langgraph.graph import StateGraph
from langgraph.pregel.protocol import PregelProtocol
from langgraph.pregel.remote import RemoteGraph

from langchain_llava_o1.errors import ConfigurationError, ImageError
from langchain_llava_o1.report.result import SearchResult
from langchain_llava_o1.search.kept_pictures import arestore_pictures, current_store, restore_pictures
from langchain_llava_o1.search.question import NO_IMAGE, UNREADABLE
from langchain_llava_o1.search.settings import Settings

Listener = Callable[[Any], None]
"""Receives the events of a search (``search/events.py``)."""

_STREAM_MODES: list[Literal["custom", "values"]] = ["custom", "values"]


def compile_search(search: Any, name: str) -> Any:
    """Return a search that can be asked.

    Args:
        search: A search's graph, compiled or not, or a ``RemoteGraph``. What is not compiled gets no
            checkpointer: it would save the picture once more for every call.
        name: Name of a graph that is compiled here.

    Raises:
        ConfigurationError: If it is none.
    """
    if isinstance(search, StateGraph):
        return search.compile(checkpointer=False, name=name)
    if not isinstance(search, PregelProtocol):
        raise ConfigurationError(
            f"search is a {type(search).__name__}; give a search's graph, such as "
            "create_stage_beam(ChatLlavaO1())."
        )
    return search


def ask(
    search: Any, question: dict[str, Any], context: Settings | dict[str, Any], listener: Listener
) -> SearchResult:
    """Ask a search.

    Args:
        search: As ``compile_search`` returns it.
        question: Its input: ``messages``, or ``question`` and ``image``.
        context: Its settings.
        listener: Called with every event while the answer is made.

    Returns:
        The answer and how it came about.

    Raises:
        ImageError: If the search replies that there is no picture, or none that can be read.
    """
    messages = restore_pictures(question.get("messages", []), current_store())
    values: Any = {}
    for part in search.stream(_with(messages, question), **_options(search, context)):
        if part["type"] == "values":
            values = part["data"]
        else:
            listener(part["data"])
    return _read_result(values)


async def aask(
    search: Any, question: dict[str, Any], context: Settings | dict[str, Any], listener: Listener
) -> SearchResult:
    """Ask a search, as ``ask`` does, without blocking the event loop."""
    messages = await arestore_pictures(question.get("messages", []), current_store())
    values: Any = {}
    async for part in search.astream(_with(messages, question), **_options(search, context)):
        if part["type"] == "values":
            values = part["data"]
        else:
            listener(part["data"])
    return _read_result(values)


def progress_writer() -> Listener:
    """Return what writes events to the custom stream of the graph that runs now, if one does."""
    try:
        return get_stream_writer()
    except (RuntimeError, KeyError):
        # Called by itself: there is no graph whose stream could tell.
        return lambda event: None


def _with(messages: Sequence[BaseMessage], question: dict[str, Any]) -> dict[str, Any]:
    """Return the question with the pictures themselves: a search elsewhere has another store, or none."""
    return {**question, "messages": messages} if messages else question


def _read_result(values: Any) -> SearchResult:
    result = SearchResult.from_state(values)
    # A search replies to people; for a program that is no answer.
    if result.finish_reason in (NO_IMAGE, UNREADABLE):
        raise ImageError(result.answer)
    return result


def _options(search: Any, context: Settings | dict[str, Any]) -> dict[str, Any]:
    if isinstance(context, Settings) and isinstance(search, RemoteGraph):
        # A server takes plain data, and no setting that its search does not have, not even at its default.
        context = context.model_dump(exclude_unset=True)
    schema = None if isinstance(search, RemoteGraph) else getattr(search, "context_schema", None)
    if "unanswerable" in getattr(schema, "model_fields", {}):
        # What is wrong is told with what can be done about it; a search's reply has it left out, for people.
        strict = {"unanswerable": "error"}
        context = (
            context.model_copy(update=strict) if isinstance(context, Settings) else {**strict, **context}
        )
    # Only in this version the parts of a stream have the same form here and from a server.
    return {"context": context, "stream_mode": _STREAM_MODES, "version": "v2"}
