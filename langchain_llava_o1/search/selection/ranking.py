"""Ranking: a judge scores all candidates, and the highest scores win."""

import math
import operator
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.judge import Scoring, ScoringJudge
from langchain_llava_o1.search.events import CandidatesScored
from langchain_llava_o1.search.records import CandidateRecord
from langchain_llava_o1.search.selection.selection import Selection, best_first
from langchain_llava_o1.search.selection.views import entries
from langchain_llava_o1.search.step_state import StepContext, StepState


@dataclass(frozen=True)
class Ranking(Selection):
    """Sort candidates by a judge's scores.

    Attributes:
        judge: What scores.
    """

    judge: ScoringJudge

    node: ClassVar[str] = "rank"
    destinations: ClassVar[dict[str, str]] = {"select": "all are scored"}

    @property
    def needs_logprobs(self) -> bool:
        """As the judge says."""
        return self.judge.needs_logprobs

    def decide(self, state: StepState, context: StepContext, config: RunnableConfig) -> Command[Any]:
        """Let the judge score all candidates."""
        scoring = read_scoring(state, context)
        return keep_scores(context, self.judge, scoring, self.judge.score_candidates(scoring, config))

    async def adecide(self, state: StepState, context: StepContext, config: RunnableConfig) -> Command[Any]:
        """Let the judge score all candidates."""
        scoring = read_scoring(state, context)
        scores = await self.judge.ascore_candidates(scoring, config)
        return keep_scores(context, self.judge, scoring, scores)

    def keep(self, state: StepState) -> list[int]:
        """Return those with the highest scores; without scores, those that the model is surest of."""
        return keep_highest(state)


def read_scoring(state: StepState, context: StepContext) -> Scoring:
    """Return what a judge is to score."""
    candidates = sorted(state["candidates"], key=operator.itemgetter("index"))
    return Scoring(context.part, entries(context.part, context.question, context.beams, candidates))


def keep_scores(
    context: StepContext, judge: object, scoring: Scoring, scores: Sequence[float]
) -> Command[Any]:
    """Report scores and keep them.

    Raises:
        ConfigurationError: If there is not one for each candidate.
    """
    found, num_candidates = [_finite(float(score)) for score in scores], len(scoring.entries)
    if len(found) != num_candidates:
        raise ConfigurationError(
            f"{type(judge).__name__} returned {len(found)} score(s) for {num_candidates} candidate(s). "
            "Return one for each, in their order."
        )
    context.report(CandidatesScored(type="scores", stage=context.name, scores=found))
    return Command(goto="select", update={"scores": found})


def _finite(score: float) -> float | None:
    """Return a score as records hold it, which are written as JSON: JSON has no infinity and no NaN."""
    return None if math.isnan(score) or score == -math.inf else min(score, sys.float_info.max)


def keep_highest(state: StepState) -> list[int]:
    """Return the candidates with the highest scores; without scores, those that the model is surest of."""
    scores = state.get("scores")

    def worth(candidate: CandidateRecord) -> float:
        score = scores[candidate["index"]] if scores else candidate["mean_logprob"]
        return -math.inf if score is None or math.isnan(score) else score

    return best_first(state["candidates"], worth)[: state["num_kept"]]
