"""Tool calls of a conversation and what the tools returned: the work of others, which no model is sent here.

A supervisor or a swarm hands a conversation on by a tool call, so that it ends in a tool's message.
"""

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, FunctionMessage, HumanMessage, ToolMessage

from langchain_llava_o1.pictures.blocks import IMAGE_BLOCKS

_WRITTEN_BLOCKS = ("text", "reasoning", "thinking", "redacted_thinking")


def is_of_tool(message: BaseMessage) -> bool:
    """Tell whether a message is what a tool returned."""
    return isinstance(message, ToolMessage | FunctionMessage)


def leave_out_tool_calls(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return a conversation as a model is sent it that knows none of its tools.

    Text beside a call stays, and so do pictures that a tool returned, as if a human had sent them.
    A conversation that ends in a tool's message ends in the last human question instead.
    """
    kept = [_read(message) for message in messages]
    if messages and is_of_tool(messages[-1]):
        asked = [place for place, message in enumerate(messages) if isinstance(message, HumanMessage)]
        if asked:
            *_, last = asked
            found = [message for message in kept[last:] if isinstance(message, HumanMessage)]
            # The question comes after the pictures that were fetched for it.
            kept = [*kept[:last], *found[1:], found[0]]
    return [message for message in kept if message is not None]


def _read(message: BaseMessage) -> BaseMessage | None:
    """Return what stays of a message."""
    if is_of_tool(message):
        content = message.content if isinstance(message.content, list) else []
        pictures: list[Any] = [
            each for each in content if isinstance(each, dict) and each.get("type") in IMAGE_BLOCKS
        ]
        return HumanMessage(pictures) if pictures else None
    if isinstance(message, AIMessage) and _holds_calls(message):
        text = str(message.text)
        return AIMessage(text, id=message.id, name=message.name) if text.strip() else None
    return message


def _holds_calls(message: AIMessage) -> bool:
    """Tell whether a message has calls, in whatever form its provider writes them."""
    if message.tool_calls or message.invalid_tool_calls:
        return True
    return any(
        isinstance(block, dict) and block.get("type") not in _WRITTEN_BLOCKS
        for block in (message.content if isinstance(message.content, list) else [])
    )
