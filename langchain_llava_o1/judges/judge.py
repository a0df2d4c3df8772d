"""What a search asks of a judge: to compare two candidates, or to score all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import RunnableConfig

from langchain_llava_o1.judges.verdict import Verdict
from langchain_llava_o1.staging.stages import Part


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
        """The question, and the answer up to this candidate's end."""
        *question, last = self.prompt
        if isinstance(last, AIMessage):
            return [*question, AIMessage(f"{last.text}\n\n{self.text}")]
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


@runtime_checkable
class PairwiseJudge(Protocol):
    """Says which of two candidates is better; a search lets it judge the matches of a tournament."""

    def compare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates in the order given."""
        ...

    async def acompare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates in the order given, without blocking the event loop."""
        ...


@runtime_checkable
class ScoringJudge(Protocol):
    """Gives each candidate a number, the better the higher; a search sorts by it and plays no match."""

    def score_candidates(self, scoring: Scoring, config: RunnableConfig | None = None) -> Sequence[float]:
        """Score candidates, in their order. Negative infinity and NaN are no score and rank last."""
        ...

    async def ascore_candidates(
        self, scoring: Scoring, config: RunnableConfig | None = None
    ) -> Sequence[float]:
        """Score candidates, in their order, without blocking the event loop."""
        ...


def most_calls(judge: PairwiseJudge, part: Part) -> int:
    """Return the most model calls that a comparison takes: what ``judge.most_calls(part)`` says, else one."""
    count = getattr(judge, "most_calls", None)
    return 1 if count is None else int(count(part))


Judge = PairwiseJudge | ScoringJudge
"""What decides between candidates."""
