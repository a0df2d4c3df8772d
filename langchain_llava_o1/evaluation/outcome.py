"""What came of items, and what they count for."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from langchain_llava_o1.evaluation.item import GradedBy


@dataclass(frozen=True)
class Replied:
    """What was answered to an item, before it is graded.

    Attributes:
        number: Its number in the benchmark.
        conclusion: What was answered.
        input_tokens: Tokens read.
        output_tokens: Tokens generated.
    """

    number: int
    conclusion: str
    input_tokens: int
    output_tokens: int

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON data, from which the class can be made again."""
        return asdict(self)


@dataclass(frozen=True)
class Outcome:
    """What came of one item.

    Attributes:
        number: Its number in the benchmark.
        id: What the benchmark calls it.
        kind: The kind of question.
        conclusion: What was answered.
        score: What that is worth, from 0 for wrong to 1 for right.
        input_tokens: Tokens read.
        output_tokens: Tokens generated.
        skill: What its kind needs.
        unit: Items of the same unit count as one; empty for an item that counts by itself.
        unit_items: How many items the unit has.
        read: What was read out of the conclusion; None if nothing could be.
        graded_by: What decided on the score.
        told: What a grader wrote.
        sources: Where its pictures are from.
    """

    number: int
    id: str
    kind: str
    conclusion: str
    score: float
    input_tokens: int
    output_tokens: int
    skill: str = ""
    unit: str = ""
    unit_items: int = 1
    read: str | None = None
    graded_by: GradedBy = "rule"
    told: str = ""
    sources: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON data, without what is as it is by default."""
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        return {each.name: told[each.name] for each in fields(self) if told[each.name] != each.default}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Outcome":
        """Read what ``as_json`` wrote.

        Raises:
            TypeError: If it is something else.
        """
        return cls(**{**data, "sources": tuple(data.get("sources", ()))})


@dataclass(frozen=True)
class Unit:
    """What counts as one: an item, or several that are one question.

    Attributes:
        kind: The kind of question.
        skill: What its kind needs.
        score: The least of its items.
    """

    kind: str
    skill: str
    score: float


def unite(outcomes: Sequence[Outcome]) -> dict[str, Unit]:
    """Return what counts as one, by a name that it has in all runs, in the order of the outcomes.

    What is not complete does not count: what is missing of it might be wrong.
    """
    parts: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        parts.setdefault(outcome.unit or f"item {outcome.number}", []).append(outcome)
    return {
        name: Unit(found[0].kind, found[0].skill, min(outcome.score for outcome in found))
        for name, found in parts.items()
        if len(found) >= found[0].unit_items
    }
