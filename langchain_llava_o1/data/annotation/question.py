"""A question that is to be annotated: a conversation up to it, and the answer that is known."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from langchain_llava_o1.data.example import ASSISTANT, Example, Turn, answer_field
from langchain_llava_o1.data.formats.json_line import OWN_FIELDS
from langchain_llava_o1.data.messages import write_messages
from langchain_llava_o1.data.problem import Problem
from langchain_llava_o1.data.training_set import TrainingSet
from langchain_llava_o1.errors import DataError
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.staging.transcript import parse_transcript

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

_HINT = "hint"
QUESTION_DIGEST = "question_digest"
"""Under this name an annotation keeps the digest of the question that it was made for."""


@dataclass(frozen=True)
class Question:
    """A question with its pictures.

    Attributes:
        example: What it is made of; its last answer holds the reference answer.
        files: The files of its pictures.
    """

    example: Example
    files: tuple[bytes, ...]

    @property
    def id(self) -> str:
        """What the set calls it."""
        return self.example.id

    @property
    def text(self) -> str:
        """What is asked, without the placeholders of pictures."""
        return self.example.questions[-1]

    @property
    def reference(self) -> str:
        """The reference answer: the conclusion of the last answer, or all of it where it has no stages.

        Raises:
            DataError: If it is empty.
        """
        reference = read_reference(self.example)
        if not reference:
            raise DataError(f"{self.example.location} has no reference answer. Fill it in.")
        return reference

    @property
    def hint(self) -> str:
        """What else the set tells about the answer; empty for nothing."""
        return read_hint(self.example)

    @property
    def digest(self) -> str:
        """What it is known by when it is changed."""
        return digest_question(self.example)

    def write_messages(self) -> "list[BaseMessage]":
        """Write the conversation up to the question, with its pictures.

        Raises:
            ImageError: If a picture is broken.
        """
        pictures = [Picture.decode(data, ImagePolicy()) for data in self.files]
        return write_messages(self.example, pictures)[:-1]

    def annotated(self, answer: str, notes: dict[str, Any]) -> Example:
        """Return the example with another last answer.

        Args:
            answer: The answer in its stages.
            notes: How it was made; kept in the field ``annotation``.
        """
        extra = {name: value for name, value in self.example.extra.items() if name not in OWN_FIELDS}
        return replace(
            self.example,
            turns=(*self.example.turns[:-1], Turn(ASSISTANT, answer)),
            extra={
                **extra,
                "annotation": {**notes, "reference": self.reference, QUESTION_DIGEST: self.digest},
            },
        )


def read_reference(example: Example) -> str:
    """Return the answer that an example's last question has."""
    conclusion = parse_transcript(example.answers[-1]).conclusion
    return (example.answers[-1] if conclusion is None else conclusion).strip()


def find_repeated_conclusion(example: Example) -> Problem | None:
    """Return a problem where the last answer concludes several times, so that it is no sure reference."""
    last = STAGES[-1]
    num_opened = sum(example.answers[-1].count(tag) for tag in (last.opening, last.spelled_opening))
    if num_opened < 2:
        return None
    return example.location.problem(
        answer_field(len(example.answers) - 1),
        "repeated stage",
        f"{last.name} is opened {num_opened} times, and the first one is taken as the reference answer",
        expected=f"one {last.name}",
        fix="Keep the right one.",
    )


def read_hint(example: Example) -> str:
    """Return what else an example tells about its last answer; empty for nothing."""
    found = example.extra.get(_HINT)
    return "; ".join(map(str, found)) if isinstance(found, list) else str(found or "")


def digest_question(example: Example) -> str:
    """Return a digest of what an example asks: paths of pictures, turns, reference answer and hint."""
    asked = [turn.text for turn in example.turns[:-1]]
    text = json.dumps([list(example.pictures), asked, read_reference(example), read_hint(example)])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def is_changed(known: str, digest: str | None) -> bool:
    """Tell whether a question is another one than it was.

    Args:
        known: Its digest as it was; empty where nobody wrote it down.
        digest: Its digest now; None where the set has it no more.
    """
    return bool(known) and digest is not None and known != digest


def read_questions(
    training_set: TrainingSet, note: Callable[[Problem], None] = lambda problem: None
) -> Iterator[Example]:
    """Read the examples of a set; of those with the same id, later ones have a number at its end.

    Args:
        training_set: The set.
        note: Called with each problem of a line, whether the line gives a question or not.
    """
    seen: Counter[str] = Counter()
    taken: set[str] = set()
    for line in training_set.read_lines():
        for problem in line.problems:
            note(problem)
        example = line.example
        if example is None:
            continue
        id = example.id
        while id in taken:
            seen[example.id] += 1
            id = f"{example.id}-{seen[example.id] + 1}"
        taken.add(id)
        yield example if id == example.id else replace(example, id=id)


def read_files(training_set: TrainingSet, example: Example) -> Sequence[bytes]:
    """Read and decode the pictures of an example, and return their files.

    Raises:
        ImageError: If one is missing or broken.
    """
    return [picture.data for picture in training_set.open_pictures(example)]
