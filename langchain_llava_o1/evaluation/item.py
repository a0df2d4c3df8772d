"""What a benchmark asks, and what an answer is worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from langchain_llava_o1.errors import DataError

GradedBy = Literal["rule", "grader", "chance", "nobody"]
"""What decided on an answer: a rule, a model, a draw, or nobody, where it could not be read."""


@dataclass(frozen=True)
class Item:
    """One question of a benchmark.

    Attributes:
        id: What the benchmark calls it.
        pictures: Image files (PNG, JPEG, …) in the order in which they are shown.
        question: The whole text that is asked, options and requests for a form of answer included.
        kind: The kind or category that it is counted under.
        reference: What its benchmark grades by, such as the right answer; nobody else reads it.
        skill: What its kind needs, such as perception or reasoning; empty where the benchmark does not say.
        unit: Items of the same unit count as one, which is right only if all of them are; empty for an item
            that counts by itself.
        unit_items: How many items its unit has.
        choices: The conclusions to choose from, as in a guess; none where there is no end of them.
        sources: Where each picture is from, such as a file and its row, in the order of ``pictures``.
    """

    id: str
    pictures: Sequence[bytes]
    question: str
    kind: str
    reference: Any = None
    skill: str = ""
    unit: str = ""
    unit_items: int = 1
    choices: Sequence[str] = ()
    sources: Sequence[str] = ()


@dataclass(frozen=True)
class Grade:
    """What an answer is worth.

    Attributes:
        score: From 0 for wrong to 1 for right.
        read: What was read out of the answer, such as the letter of an option; None if nothing could be.
        by: What decided.
        told: What a grader wrote; empty where none was asked.
    """

    score: float
    read: str | None = None
    by: GradedBy = "rule"
    told: str = ""


class DamagedItemError(DataError):
    """An item cannot be read; the others can. The message names file, row and column."""


class DataFile(NamedTuple):
    """The name and the MD5 of the file that items are read from."""

    name: str
    md5: str
