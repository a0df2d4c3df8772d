"""Graphs that answer a conversation: what is sent to them is read before anything of it is saved."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing, closing
from dataclasses import replace
from typing import Any, cast

from langchain_core.messages import BaseMessage, convert_to_messages
from langchain_core.runnables import RunnableConfig
from langgraph.graph import StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import get_runtime
from langgraph.types import Command

from langchain_llava_o1.pictures.references import KeptFile
from langchain_llava_o1.search.attachments import AttachmentReader
from langchain_llava_o1.search.kept_pictures import akeep_pictures, current_store, keep_pictures
from langchain_llava_o1.search.question import FORM, message_of_form


class ConversationGraph(StateGraph[Any, Any, Any, Any]):
    """A graph whose state has a conversation, as ``messages``.

    Compiled, it reads the attachments of what is sent to it: pictures are checked, shrunk to what the model
    can use and, where the graph has a store, kept there once by content, while the messages have small copies
    that refer to them. In the place of what cannot be read is a text that says so.

    Attributes:
        attachments: Reads what comes with messages.
    """

    attachments: AttachmentReader

    def compile(self, *arguments: Any, **options: Any) -> "CompiledConversation":
        """Compile the graph, as ``StateGraph.compile`` does."""
        return CompiledConversation.of(
            super().compile(*arguments, **options), self.attachments, takes_form=True
        )


class CompiledConversation(CompiledStateGraph[Any, Any, Any, Any]):
    """A graph that reads attachments before anything is saved or streamed."""

    def __init__(self, *, attachments: AttachmentReader, takes_form: bool, **parts: Any) -> None:
        """Put a graph together from its ``parts``, as LangGraph does where it copies one.

        Args:
            attachments: Reads what comes with messages.
            takes_form: Whether ``question`` and ``image`` may be given in the place of a message.
            **parts: What ``CompiledStateGraph`` takes.
        """
        super().__init__(**parts)
        self.attachments = attachments
        self.takes_form = takes_form

    @classmethod
    def of(
        cls, graph: CompiledStateGraph[Any, Any, Any, Any], attachments: AttachmentReader, *, takes_form: bool
    ) -> "CompiledConversation":
        """Return a compiled graph as one that reads attachments."""
        parts = {name: part for name, part in vars(graph).items() if name != "__orig_class__"}
        return cls(**{**parts, "attachments": attachments, "takes_form": takes_form})

    def stream(self, input: Any, config: RunnableConfig | None = None, **options: Any) -> Iterator[Any]:
        """Stream the graph's steps, as ``Pregel.stream`` does."""
        store = current_store(self.store)
        read, files = self._read(input, options.get("context"), refers=store is not None)
        if store is not None:
            keep_pictures(store, files)
        parts = super().stream(read, config, **options)
        with closing(cast("Any", parts)):
            yield from parts

    async def astream(
        self, input: Any, config: RunnableConfig | None = None, **options: Any
    ) -> AsyncIterator[Any]:
        """Stream the graph's steps, as ``Pregel.astream`` does."""
        store, context = current_store(self.store), options.get("context")
        read, files = input, dict[str, KeptFile]()
        if input is not None:
            # Decoding a large picture, or fetching one, would hold up every other task of the loop.
            read, files = await asyncio.to_thread(self._read, input, context, refers=store is not None)
        if store is not None:
            await akeep_pictures(store, files)
        parts = super().astream(read, config, **options)
        async with aclosing(cast("Any", parts)):
            async for part in parts:
                yield part

    def _read(self, given: Any, context: Any, *, refers: bool) -> tuple[Any, dict[str, KeptFile]]:
        """Read what the graph is given; also what a command that resumes it adds to the conversation."""
        if isinstance(given, Command):
            update, files = self._read(given.update, context, refers=refers)
            return replace(given, update=update), files
        if not isinstance(given, Mapping):
            return given, {}
        asked = message_of_form(given) if self.takes_form else []
        messages = given.get("messages")
        if isinstance(messages, BaseMessage | str | dict):
            messages = [messages]
        if not isinstance(messages, list | tuple | None):
            return given, {}
        sent = convert_to_messages([*(messages or []), *asked])
        read, files = self.attachments.read(sent, refers=refers, shrinks=_shrinks_pictures(context))
        taken = (*FORM, "messages") if self.takes_form else ("messages",)
        rest = {name: value for name, value in given.items() if name not in taken}
        return ({**rest, "messages": read} if read else rest), files


def _shrinks_pictures(context: Any) -> bool:
    """Tell what the settings of the run say; inside another graph those of that graph."""
    if context is None:
        try:
            context = get_runtime().context
        except (RuntimeError, KeyError):
            return True
    name = "shrink_pictures"
    return bool(context.get(name, True) if isinstance(context, Mapping) else getattr(context, name, True))
