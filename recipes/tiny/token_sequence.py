"""What a sequence to learn from is made of: tokens and labels, spans of text, earlier exchanges."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

IGNORED = -100
"""Label of tokens without loss."""


@dataclass(frozen=True)
class TokenSequence:
    """Tokens and, aligned with them, labels and their weights in the loss.

    Attributes:
        tokens: The tokens.
        labels: What is learned at each place, ``IGNORED`` where nothing is.
        weights: How much each label counts.
        choices: Places at which any of some tokens is as good, each learned to be as likely; no label there.
    """

    tokens: list[int]
    labels: list[int]
    weights: list[float]
    choices: Sequence["TokenChoice"] = ()


class TokenChoice(NamedTuple):
    """A place in a sequence, and the tokens of which any may stand there."""

    place: int
    tokens: tuple[int, ...]


@dataclass(frozen=True)
class Exchange:
    """An earlier question of a conversation with what the user saw of its answer."""

    question: str
    conclusion: str


class Span(NamedTuple):
    """A part of a stage, beginning at a word's blank; what is not learned is only read.

    Attributes:
        text: The part.
        is_learned: Whether there is a loss on it.
        choices: Texts of one token of which any might stand in its place, its own included; none by default.
    """

    text: str
    is_learned: bool = True
    choices: tuple[str, ...] = ()
