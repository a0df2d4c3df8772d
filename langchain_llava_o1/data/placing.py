"""Pictures put where the turns of an example show them."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from langchain_llava_o1.data.example import ASSISTANT, HUMAN, PLACEHOLDER, Example
from langchain_llava_o1.pictures.picture import Picture


class PlacedTurn(NamedTuple):
    """What one of the two says.

    Attributes:
        speaker: ``HUMAN`` or ``ASSISTANT``.
        parts: Texts and pictures in the order they are shown.
    """

    speaker: str
    parts: tuple[str | Picture, ...]


def place_pictures(example: Example, pictures: Sequence[Picture]) -> list[PlacedTurn]:
    """Put the pictures of an example into its questions.

    They stand where the questions have a place for them, otherwise all before the first question.

    Args:
        example: What is said.
        pictures: Its pictures, decoded.
    """
    has_places = example.num_placeholders == len(pictures)
    left = iter(pictures)
    turns = []
    for turn in example.turns:
        if turn.speaker == ASSISTANT:
            parts: tuple[str | Picture, ...] = (turn.text,)
        elif has_places:
            parts = tuple(_fill_places(turn.text, left))
        else:
            # All of them stand before the first question, and none are left for a later one.
            parts = (*left, *filter(None, [turn.plain_text]))
        turns.append(PlacedTurn(turn.speaker, parts))
    return turns


def count_pictures(example: Example) -> list[int]:
    """Return how many pictures are shown up to each question."""
    if example.num_placeholders != len(example.pictures):
        return [len(example.pictures)] * len(example.questions)
    asked = [turn.text for turn in example.turns if turn.speaker == HUMAN]
    return list(accumulate(text.count(PLACEHOLDER) for text in asked))


def _fill_places(text: str, pictures: Iterator[Picture]) -> Iterator[str | Picture]:
    for number, piece in enumerate(text.split(PLACEHOLDER)):
        if number:
            yield next(pictures)
        if piece.strip():
            yield piece.strip()
