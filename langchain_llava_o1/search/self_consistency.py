"""Self-consistency: N whole answers, of which the conclusion that most of them reach is taken.

Source: Wang et al., arXiv 2203.11171. Conclusions are compared by what they mean (``agreement.py``); where
several are reached equally often, a judge that scores decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.runnables import RunnableConfig

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.confidence import ConfidenceJudge
from langchain_llava_o1.judges.function import JudgeLike
from langchain_llava_o1.judges.generative import ChatModel
from langchain_llava_o1.judges.judge import Scoring, ScoringJudge
from langchain_llava_o1.search.agreement import meaning
from langchain_llava_o1.search.context import SearchContext
from langchain_llava_o1.search.frame import (
    ContestPlan,
    SearchGraph,
    SearchState,
    create_one_contest,
    read_means,
)
from langchain_llava_o1.search.sampling import Continuation
from langchain_llava_o1.staging.stages import WHOLE_ANSWER


def create_self_consistency(
    model: ChatModel, *, judge: JudgeLike | None = None, continuation: Continuation | None = None
) -> SearchGraph:
    """Build the graph of a self-consistency search, uncompiled.

    Args:
        model: Any LangChain chat model.
        judge: Scores answers where several conclusions are reached equally often; by default the answer that
            the model was surest of wins, or the first one where the model tells no log-probabilities.
        continuation: As for ``create_stage_beam``.

    Raises:
        ConfigurationError: If the judge does not score, or there is no such continuation.
    """
    if judge is not None and not isinstance(judge, ScoringJudge):
        raise ConfigurationError(
            "Self-consistency takes the majority and breaks ties by scores; "
            f"{type(judge).__name__} gives none. "
            "Use ConfidenceJudge() or RewardJudge(…), or leave it out."
        )
    return create_one_contest(read_means(model, MajorityJudge(judge), continuation), _plan)


def _plan(state: SearchState, settings: SearchContext) -> ContestPlan:
    return ContestPlan("answer", WHOLE_ANSWER, state["beams"], settings.candidates)


@dataclass(frozen=True)
class MajorityJudge:
    """Score an answer by how many answers reach its conclusion; ties are broken by another judge's scores.

    Attributes:
        tie_breaker: That judge; None for the model's own confidence, where it is told.
    """

    tie_breaker: ScoringJudge | None = None

    def score_candidates(self, scoring: Scoring, config: RunnableConfig | None = None) -> Sequence[float]:
        """Score candidates: their number of votes, and less than half a vote for the tie-breaker's rank."""
        votes = _votes(scoring)
        if not _is_tied(votes, scoring):
            return votes
        judge = self._tie_breaker(scoring)
        return _break_ties(votes, judge.score_candidates(scoring, config) if judge else None)

    async def ascore_candidates(
        self, scoring: Scoring, config: RunnableConfig | None = None
    ) -> Sequence[float]:
        """Score candidates as ``score_candidates`` does, without blocking the event loop."""
        votes = _votes(scoring)
        if not _is_tied(votes, scoring):
            return votes
        judge = self._tie_breaker(scoring)
        return _break_ties(votes, await judge.ascore_candidates(scoring, config) if judge else None)

    def _tie_breaker(self, scoring: Scoring) -> ScoringJudge | None:
        if self.tie_breaker is not None:
            return self.tie_breaker
        is_told = any(entry.mean_logprob is not None for entry in scoring.entries)
        return ConfidenceJudge() if is_told else None


def _votes(scoring: Scoring) -> list[float]:
    meanings = [meaning(scoring.part, entry.text) for entry in scoring.entries]
    return [float(meanings.count(each)) for each in meanings]


def _is_tied(votes: Sequence[float], scoring: Scoring) -> bool:
    most = max(votes)
    meanings = {
        meaning(scoring.part, entry.text)
        for entry, own in zip(scoring.entries, votes, strict=True)
        if own == most
    }
    return len(meanings) > 1


def _break_ties(votes: Sequence[float], scores: Sequence[float] | None) -> list[float]:
    if scores is None:
        return list(votes)
    ordered = sorted(range(len(votes)), key=lambda index: scores[index])
    return [votes[index] + ordered.index(index) / (2 * len(votes)) for index in range(len(votes))]
