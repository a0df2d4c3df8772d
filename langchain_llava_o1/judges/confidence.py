"""A judge that asks nobody: the candidate that its own model was surest of is the best."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from langchain_core.runnables import RunnableConfig

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.judge import Scoring, ScoringJudge


@dataclass(frozen=True)
class ConfidenceJudge(ScoringJudge):
    """Score a candidate by the mean log-probability of its tokens.

    For models that tell log-probabilities: ``ChatLlavaO1`` always does, others on request, such as
    ``ChatOpenAI(logprobs=True)``: the searches ask for them where a model has that parameter. A candidate
    without any scores negative infinity, the last of all.
    """

    needs_logprobs: ClassVar[bool] = True

    @classmethod
    def from_model(cls, model: Any) -> Self:
        """Make the judge; it asks no model."""
        return cls()

    def score_candidates(self, scoring: Scoring, config: RunnableConfig | None = None) -> Sequence[float]:
        """Score candidates.

        Raises:
            ConfigurationError: If the model told no log-probability of any candidate.
        """
        told = [entry.mean_logprob for entry in scoring.entries]
        if all(mean is None for mean in told):
            raise ConfigurationError(
                "ConfidenceJudge needs the log-probabilities of candidates, and the model tells none for any "
                f"of the {len(told)}. Ask for them, as with ChatOpenAI(logprobs=True), or use a judge "
                "such as GenerativeJudge(model)."
            )
        return [-math.inf if mean is None else mean for mean in told]

    async def ascore_candidates(
        self, scoring: Scoring, config: RunnableConfig | None = None
    ) -> Sequence[float]:
        """Score candidates.

        Raises:
            ConfigurationError: If the model told no log-probability of any candidate.
        """
        return self.score_candidates(scoring, config)
