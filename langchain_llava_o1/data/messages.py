"""An example as LangChain messages."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from langchain_llava_o1.data.example import ASSISTANT, PLACEHOLDER, Example
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

    has_places = example.num_placeholders == len(pictures)
    left = iter(block_of(picture) for picture in pictures)
    messages: list[BaseMessage] = []
    for turn in example.turns:
        if turn.speaker == ASSISTANT:
            messages.append(AIMessage(turn.text))
        elif has_places:
            messages.append(HumanMessage(list(_put_in_place(turn.text, left))))
        else:
            # All of them stand before the first question, and none are left for a later one.
            messages.append(HumanMessage([*left, *_text_blocks(turn.plain_text)]))
    return messages


def _put_in_place(text: str, pictures: Iterator[dict[str, Any]]) -> Iterator[str | dict[str, Any]]:
    for number, piece in enumerate(text.split(PLACEHOLDER)):
        if number:
            yield next(pictures)
        yield from _text_blocks(piece.strip())


def _text_blocks(text: str) -> list[str | dict[str, Any]]:
    return [{"type": "text", "text": text}] if text else []
