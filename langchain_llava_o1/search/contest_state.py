"""What a contest's nodes see and pass on: the state that is saved, jobs, and context that is not."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from langchain_core.messages import BaseMessage
from langchain_core.messages.ai import UsageMetadata
from typing_extensions import TypedDict

from langchain_llava_o1.search.budget import Budget, Spending
from langchain_llava_o1.search.context import SearchContext
from langchain_llava_o1.search.events import Reporter
from langchain_llava_o1.search.records import Beam, CandidateRecord, MatchRecord
from langchain_llava_o1.staging.stages import Part


class ContestOutput(TypedDict):
    """What a contest makes.

    One entry of ``calls`` is one model call's usage; ``kept`` begins with the winner; ``limit`` is the name
    of the search's limit that cut the contest short, or None.
    """

    candidates: Annotated[list[CandidateRecord], operator.add]
    matches: Annotated[list[MatchRecord], operator.add]
    scores: list[float | None] | None
    calls: Annotated[list[UsageMetadata | None], operator.add]
    kept: list[int]
    limit: str | None


class ContestInput(TypedDict):
    """What a contest starts from. ``seed`` is the contest's own."""

    num_candidates: int
    num_kept: int
    seed: int


class ContestState(ContestInput, ContestOutput):
    """State of one contest, small and without pictures: it is saved after every step."""


class SampleJob(TypedDict):
    """One candidate to sample."""

    index: int
    seed: int


class MatchJob(TypedDict):
    """One match to decide. ``seed`` is the bracket's."""

    round: int
    first: CandidateRecord
    second: CandidateRecord
    seed: int


@dataclass(frozen=True)
class ContestContext:
    """What a contest's nodes see besides its state.

    Attributes:
        name: What records and events call the contest.
        part: What the candidates are to write.
        question: The conversation up to the question, with its images.
        beams: The answers that candidates go on from, in turns.
        settings: Settings of the search, its seed fixed.
        budget: The search's limits.
        spent: What the search had spent before.
        needs_scores: Whether scores are asked for even if there is nothing to choose.
        report: Where progress goes.
    """

    name: str
    part: Part
    question: Sequence[BaseMessage]
    beams: Sequence[Beam]
    settings: SearchContext
    budget: Budget
    spent: Spending
    needs_scores: bool
    report: Reporter
