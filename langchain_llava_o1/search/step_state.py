"""What the nodes of a step see and pass on: the state that is saved, jobs, and context that is not."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from langchain_core.messages import BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langgraph.graph import StateGraph
from typing_extensions import TypedDict

from langchain_llava_o1.search.budget import Allowance, Budget, Spending
from langchain_llava_o1.search.events import Reporter
from langchain_llava_o1.search.records import Beam, CandidateRecord, MatchRecord
from langchain_llava_o1.search.settings import SearchContext
from langchain_llava_o1.staging.parts.part import Part


class StepOutput(TypedDict):
    """What a step makes.

    One entry of ``calls`` is one model call's usage; ``kept`` begins with the winner; ``limit`` is the name
    of the search's limit that cut the step short, or None.
    """

    candidates: Annotated[list[CandidateRecord], operator.add]
    matches: Annotated[list[MatchRecord], operator.add]
    scores: list[float | None] | None
    calls: Annotated[list[UsageMetadata | None], operator.add]
    kept: list[int]
    limit: str | None


class StepInput(TypedDict):
    """What a step starts from. ``seed`` is the step's own."""

    num_candidates: int
    num_kept: int
    seed: int


class StepState(StepInput, StepOutput):
    """State of one step, small and without pictures: it is saved after every node."""


class SampleJob(TypedDict):
    """One candidate to sample."""

    index: int
    seed: int


@dataclass(frozen=True)
class StepContext:
    """What the nodes of a step see besides its state.

    Attributes:
        name: What records and events call the step.
        part: What the candidates are to write.
        question: The conversation up to the question, with its images.
        beams: The answers that candidates go on from, in turns.
        settings: Settings of the search, all of them, its seed fixed.
        budget: The search's limits.
        spent: What the search had spent before.
        needs_scores: Whether scores are asked for even if there is nothing to choose.
        report: Where progress goes.
        tells_text: Whether the text of a candidate is told as it is written.
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
    tells_text: bool

    def allow(self, state: StepState, num_wanted: int) -> Allowance:
        """Return how many of the calls that are wanted may be made."""
        return self.budget.allow(self.spent.with_calls(state["calls"]), self.part, wanted=num_wanted)

    def beam_of(self, index: int) -> int:
        """Return which beam a candidate goes on from: they take turns, so that groups draw from all."""
        return index % len(self.beams)


StepGraph = StateGraph[StepState, StepContext, StepInput, StepOutput]
