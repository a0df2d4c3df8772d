"""Accepted stages as LangGraph's UI messages, for chat pages that draw components of a graph's own.

Pages built on ``useStream``, such as agent-chat-ui, draw the state's ``ui`` beside the message that each
entry belongs to. They show a message only while the state has it, or between its first chunk and the next
values of the state. So the state has the answer from its first accepted stage on, unfinished.

A run has them only if its settings say so: ``ui_messages``.
"""

from collections.abc import Iterable
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import set_config_context
from langgraph.graph.ui import UIMessage, push_ui_message

from langchain_llava_o1.search.message_stream import complete_stages, content_block

STAGE_COMPONENT = "stage"
"""Name of the component that draws a stage; its properties are ``stage``, the name, and ``text``."""

UNFINISHED = "unfinished"
"""Finish reason of an answer that is being written, or whose run was stopped."""


def push_stages(text: str, message_id: str, config: RunnableConfig, *, num_shown: int) -> list[UIMessage]:
    """Write the hidden stages of an answer that are complete to the custom stream, as UI messages.

    Args:
        text: The answer as far as it is settled, in tags.
        message_id: Id of the message that the answer will be, beside which they are drawn.
        config: The running node's configuration.
        num_shown: How many stages were written before.

    Returns:
        What the state's ``ui`` is to have as well.
    """
    pushed = []
    for found in complete_stages(text)[num_shown:]:
        # What is visible is the message itself.
        if found.stage.is_visible:
            continue
        with set_config_context(config) as context:
            pushed.append(
                context.run(
                    push_ui_message,
                    STAGE_COMPONENT,
                    {"stage": found.stage.name, "text": found.body},
                    id=f"{message_id} {found.stage.name}",
                    metadata={"message_id": message_id},
                    state_key=None,
                )
            )
    return pushed


def compose_unfinished(text: str, message_id: str) -> list[AIMessage]:
    """Return the message that an answer is until it is whole; none before its first stage is complete.

    Args:
        text: The answer as far as it is settled, in tags.
        message_id: Id of the message that the answer will be, which replaces this one.
    """
    blocks: list[Any] = [content_block(found.stage, found.body) for found in complete_stages(text)]
    if not blocks:
        return []
    return [AIMessage(blocks, id=message_id, response_metadata={"finish_reason": UNFINISHED})]


def leave_out_unfinished(messages: Iterable[BaseMessage]) -> list[BaseMessage]:
    """Return the messages without answers that are not whole: no model is sent them."""
    return [each for each in messages if each.response_metadata.get("finish_reason") != UNFINISHED]
