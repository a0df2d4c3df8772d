"""The question of a turn, from messages or from the two fields of a form."""

import reprlib
from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from langchain_llava_o1.errors import MessageError
from langchain_llava_o1.pictures.blocks import block_of
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.pictures.sources import load_reference


def read_question(state: Mapping[str, Any], policy: ImagePolicy) -> list[AnyMessage]:
    """Return what is to be appended to the conversation, so that it ends in a question.

    Args:
        state: With ``messages``, or ``question`` and perhaps ``image``.
        policy: Which pictures ``image`` may name.

    Raises:
        ImageError: The picture is missing, broken or from a place that is not allowed.
        MessageError: If there is no question.
    """
    question, image = _read_text(state, "question"), _read_text(state, "image")
    if question:
        picture = [block_of(load_reference(image, policy, "image"))] if image else []
        return [HumanMessage([*picture, {"type": "text", "text": question}])]
    if image:
        raise MessageError("There is an `image` and no `question`. Write what is to be answered about it.")
    messages = state.get("messages")
    if not messages or isinstance(messages[-1], AIMessage):
        last = f"an AI message ({str(messages[-1].text)[:60]!r})" if messages else "missing"
        raise MessageError(
            f"The last message is {last}; end `messages` with the user's question, or give `question`."
        )
    return []


def _read_text(state: Mapping[str, Any], name: str) -> str:
    value = state.get(name)
    # A server does not hold callers to the schema.
    if not isinstance(value, str | None):
        raise MessageError(
            f"`{name}` is {reprlib.repr(value)}, of type {type(value).__name__}; it must be text."
        )
    return (value or "").strip()
