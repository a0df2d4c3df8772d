"""What a search by stages chose, and what it chose it over: pairs at every stage."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from langchain_llava_o1.search.records import StageRecord
from langchain_llava_o1.staging.stages import STAGES


class StageChoice(NamedTuple):
    """The choice of one stage.

    Attributes:
        stage: Its name.
        chosen: The accepted stages up to this one, each in its tags.
        rejected: The same with each other candidate that went on from there in the last one's place.
    """

    stage: str
    chosen: str
    rejected: tuple[str, ...]


def read_choices(steps: Mapping[str, StageRecord]) -> tuple[StageChoice, ...]:
    """Read the choices on the way to an answer; none of a search that did not go stage by stage.

    Args:
        steps: The records of a search's steps, in order.
    """
    records = list(steps.values())
    if [record["part"] for record in records] != [stage.name for stage in STAGES]:
        return ()
    accepted = ""
    choices = []
    for record, index in zip(records, _accepted_path(records), strict=True):
        candidates = record["candidates"]
        taken = candidates[index]
        others = {
            other["text"]: None
            for other in candidates
            if other["beam"] == taken["beam"]
            and other["is_complete"]
            and other["index"] not in record["kept"]
            and other["text"] != taken["text"]
        }
        rejected = tuple(f"{accepted}{text}" for text in others)
        choices.append(StageChoice(record["part"], f"{accepted}{taken['text']}", rejected))
        accepted += f"{taken['text']}\n\n"
    return tuple(choices)


def _accepted_path(records: Sequence[StageRecord]) -> list[int]:
    """Return the index of each step's candidate that the answer consists of."""
    path = [records[-1]["winner"]]
    # A candidate goes on from one of those that the step before it kept.
    for before, record in zip(reversed(records[:-1]), reversed(records[1:]), strict=True):
        path.append(before["kept"][record["candidates"][path[-1]]["beam"]])
    return path[::-1]


def pair_stages(searches: Sequence[Sequence[StageChoice]], most: int) -> Iterator[tuple[str, str]]:
    """Make pairs of what was chosen and what was not, in several searches for an answer to one question.

    Args:
        searches: The choices of each search.
        most: Most pairs of a stage.
    """
    for stage in STAGES:
        pairs = {
            (choice.chosen, rejected): None
            for search in searches
            for choice in search
            if choice.stage == stage.name
            for rejected in choice.rejected
        }
        yield from list(pairs)[:most]
