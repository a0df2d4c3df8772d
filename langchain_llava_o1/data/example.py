"""An example: a conversation about pictures, as a model is to learn it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from langchain_llava_o1.data.problem import Location, Problem

HUMAN = "human"
ASSISTANT = "gpt"
"""Who speaks, as the published format calls them."""

PLACEHOLDER = "<image>"
"""Stands in a question where a picture is shown."""


class Turn(NamedTuple):
    """What one of the two says.

    Attributes:
        speaker: ``HUMAN`` or ``ASSISTANT``.
        text: What is said, as it stands in the file.
    """

    speaker: str
    text: str

    @property
    def plain_text(self) -> str:
        """What is said, without the placeholders of pictures."""
        return remove_placeholders(self.text) if self.speaker == HUMAN else self.text


def remove_placeholders(text: str) -> str:
    """Return a question without the placeholders of pictures."""
    return " ".join(text.split(PLACEHOLDER)).strip() if PLACEHOLDER in text else text


@dataclass(frozen=True)
class Example:
    """A conversation about pictures.

    Attributes:
        id: What the set calls it.
        pictures: Where its pictures are: paths relative to the set's pictures, or data URLs.
        turns: What is said: a question and its answer, then perhaps further ones.
        extra: Further fields of its line, kept when it is written again.
        location: The line that it was read from.
    """

    id: str
    pictures: tuple[str, ...]
    turns: tuple[Turn, ...]
    extra: Mapping[str, Any] = field(default_factory=dict, compare=False)
    location: Location = field(default=Location("", 0), compare=False)

    @property
    def questions(self) -> list[str]:
        """What is asked, without the placeholders of pictures."""
        return [turn.plain_text for turn in self.turns if turn.speaker == HUMAN]

    @property
    def answers(self) -> list[str]:
        """What is answered, with the tags of the stages."""
        return [turn.text for turn in self.turns if turn.speaker == ASSISTANT]

    @property
    def num_placeholders(self) -> int:
        """How many pictures the questions have a place for."""
        return sum(turn.text.count(PLACEHOLDER) for turn in self.turns if turn.speaker == HUMAN)

    def picture_field(self, number: int) -> str:
        """Return how problems name a picture, counted from 0."""
        return "image" if len(self.pictures) == 1 else f"image[{number}]"


@dataclass(frozen=True)
class ReadLine:
    """What became of a line.

    Attributes:
        location: Which line it is.
        example: What it holds; None where it cannot be used.
        problems: What is wrong with it.
    """

    location: Location
    example: Example | None
    problems: tuple[Problem, ...] = ()


def answer_field(number: int) -> str:
    """Return how problems name an answer of an example, counted from 0."""
    return f"conversations[{2 * number + 1}].value"
