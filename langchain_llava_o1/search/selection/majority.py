"""Majority: the conclusion that most candidates reach wins; scores break ties.

Source: Wang et al., arXiv 2203.11171. Conclusions are compared by what they mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command

from langchain_llava_o1.judges.confidence import ConfidenceJudge
from langchain_llava_o1.judges.judge import Scoring, ScoringJudge
from langchain_llava_o1.search.selection.ranking import keep_highest, keep_scores, read_scoring
from langchain_llava_o1.search.selection.selection import Selection
from langchain_llava_o1.search.step_state import StepContext, StepState


@dataclass(frozen=True)
class Majority(Selection):
    """Give a candidate a vote for each that means the same, and less than half a vote for the tie-breaker.

    Attributes:
        tie_breaker: The judge that scores where several conclusions have the most votes; None for the model's
            own confidence, where it is told.
    """

    tie_breaker: ScoringJudge | None = None

    node: ClassVar[str] = "vote"
    destinations: ClassVar[dict[str, str]] = {"select": "votes are counted"}

    @property
    def needs_logprobs(self) -> bool:
        """As the tie-breaker says."""
        return self.tie_breaker.needs_logprobs if self.tie_breaker else False

    def decide(self, state: StepState, context: StepContext, config: RunnableConfig) -> Command[Any]:
        """Count the votes, and ask the tie-breaker where that decides nothing."""
        scoring = read_scoring(state, context)
        votes, judge = _votes(scoring), self._judge(scoring)
        scores = judge.score_candidates(scoring, config) if judge else None
        return keep_scores(context, self, scoring, _break_ties(votes, scores))

    async def adecide(self, state: StepState, context: StepContext, config: RunnableConfig) -> Command[Any]:
        """Count the votes, and ask the tie-breaker where that decides nothing."""
        scoring = read_scoring(state, context)
        votes, judge = _votes(scoring), self._judge(scoring)
        scores = await judge.ascore_candidates(scoring, config) if judge else None
        return keep_scores(context, self, scoring, _break_ties(votes, scores))

    def keep(self, state: StepState) -> list[int]:
        """Return those with the most votes."""
        return keep_highest(state)

    def _judge(self, scoring: Scoring) -> ScoringJudge | None:
        """Return the judge that is to break a tie, if there is a tie and such a judge."""
        if not _is_tied(scoring):
            return None
        if self.tie_breaker is not None:
            return self.tie_breaker
        is_told = any(entry.mean_logprob is not None for entry in scoring.entries)
        return ConfidenceJudge() if is_told else None


def _meanings(scoring: Scoring) -> list[str]:
    return [scoring.part.meaning(entry.text) for entry in scoring.entries]


def _votes(scoring: Scoring) -> list[float]:
    meanings = _meanings(scoring)
    return [float(meanings.count(each)) for each in meanings]


def _is_tied(scoring: Scoring) -> bool:
    votes = _votes(scoring)
    most = max(votes)
    return len({each for each, own in zip(_meanings(scoring), votes, strict=True) if own == most}) > 1


def _break_ties(votes: Sequence[float], scores: Sequence[float] | None) -> list[float]:
    if scores is None:
        return list(votes)
    ordered = sorted(range(len(votes)), key=lambda index: scores[index])
    return [votes[index] + ordered.index(index) / (2 * len(votes)) for index in range(len(votes))]
