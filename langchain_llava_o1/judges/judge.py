"""What a search asks of a judge: to compare two candidates, or to score all of them."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import RunnableConfig

from langchain_llava_o1.judges.verdict import Verdict
from langchain_llava_o1.staging.parts.part import Part

_ACCEPTED = "accepted_text"
"""What an answer's ``additional_kwargs`` have where it begins with what was accepted before: that text."""


def accepted_text(answer: AIMessage) -> str:
    """Return what an answer that is scored begins with, as accepted before; empty where all of it is new."""
    return str(answer.additional_kwargs.get(_ACCEPTED, ""))


@dataclass(frozen=True)
class Comparison:
    """Two candidates, and what they are to be judged by.

    Attributes:
        part: What both are for.
        prompt: The question with its images, then what both go on from as an AI message, if anything.
        first: The candidate shown first, without its tags.
        second: The other one.
    """

    part: Part
    prompt: Sequence[BaseMessage]
    first: str
    second: str


@dataclass(frozen=True)
class Entry:
    """One candidate to be scored.

    Attributes:
        prompt: The question with its images, then what the candidate goes on from as an AI message, if
            anything.
        text: The candidate, in its tags.
        mean_logprob: Mean log-probability of its tokens, None where its model does not say.
    """

    prompt: Sequence[BaseMessage]
    text: str
    mean_logprob: float | None

    @property
    def conversation(self) -> list[BaseMessage]:
        """The question, and the answer up to this candidate's end, with a note of what was accepted."""
        *question, last = self.prompt
        if isinstance(last, AIMessage):
            begun = str(last.text)
            return [*question, AIMessage(f"{begun}\n\n{self.text}", additional_kwargs={_ACCEPTED: begun})]
        return [*self.prompt, AIMessage(self.text)]


@dataclass(frozen=True)
class Scoring:
    """All candidates of a part, to be scored together.

    Attributes:
        part: What they are for.
        entries: The candidates.
    """

    part: Part
    entries: Sequence[Entry]


class Judge:
    """What decides between candidates; derive from ``PairwiseJudge`` or ``ScoringJudge``."""

    needs_logprobs: ClassVar[bool] = False
    """Whether it wants to know how sure the model is of each candidate."""

    @classmethod
    def from_model(cls, model: Any) -> Self:
        """Make the judge that asks a chat model, as the command line does.

        Raises:
            ConfigurationError: If the model cannot be asked what the judge asks.
        """
        return cls(model)  # type: ignore[call-arg]  # most judges are made of the model that they ask


class PairwiseJudge(Judge, ABC):
    """Says which of two candidates is better; a search lets it judge the matches of a tournament."""

    @abstractmethod
    def compare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates in the order given."""

    async def acompare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates without blocking the event loop; by default ``compare`` in a thread."""
        return await asyncio.to_thread(self.compare, comparison, config)

    def most_calls(self, part: Part) -> int:
        """Return the most model calls that a comparison takes, so that limits can be kept."""
        return 1


class ScoringJudge(Judge, ABC):
    """Gives each candidate a number, the better the higher; a search sorts by it and plays no match."""

    @property
    def default_cutoff(self) -> float | None:
        """Above what a reasoning is good enough for SWIRES, if none is given; None if it cannot say."""
        return None

    @abstractmethod
    def score_candidates(self, scoring: Scoring, config: RunnableConfig | None = None) -> Sequence[float]:
        """Score candidates, in their order. Negative infinity and NaN are no score and rank last."""

    async def ascore_candidates(
        self, scoring: Scoring, config: RunnableConfig | None = None
    ) -> Sequence[float]:
        """Score candidates without blocking the event loop; by default ``score_candidates`` in a thread."""
        return await asyncio.to_thread(self.score_candidates, scoring, config)
