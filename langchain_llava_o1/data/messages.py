"""An example as LangChain messages."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from langchain_llava_o1.data.example import ASSISTANT, Example
from langchain_llava_o1.data.placing import place_pictures
from langchain_llava_o1.pictures.blocks import block_of
from langchain_llava_o1.pictures.picture import Picture

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


def write_messages(example: Example, pictures: Sequence[Picture]) -> "list[BaseMessage]":
    """Write the turns of an example as messages.

    Args:
        example: What is said.
        pictures: Its pictures, decoded.
    """
    # The help of the command line imports this, and does without LangChain.
    from langchain_core.messages import AIMessage, HumanMessage

    messages: list[BaseMessage] = []
    for turn, placed in zip(example.turns, place_pictures(example, pictures), strict=True):
        if turn.speaker == ASSISTANT:
            messages.append(AIMessage(turn.text))
        else:
            messages.append(HumanMessage([_block_of(part) for part in placed.parts]))
    return messages


def _block_of(part: str | Picture) -> str | dict[str, Any]:
    return {"type": "text", "text": part} if isinstance(part, str) else block_of(part)
