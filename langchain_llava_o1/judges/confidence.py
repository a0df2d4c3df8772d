"""A judge that asks nobody: the candidate that its own model was surest of is the best."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from langchain_core.runnables import RunnableConfig

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.judge import Entry, Scoring


@dataclass(frozen=True)
class ConfidenceJudge:
    """Score a candidate by the mean log-probability of its tokens.

    For models that tell log-probabilities: ``ChatLlavaO1`` always does, others on request, such as
    ``ChatOpenAI(logprobs=True)``: the searches ask for them where a model has that parameter.
    """

    needs_logprobs: ClassVar[bool] = True

    def score_candidates(self, scoring: Scoring, config: RunnableConfig | None = None) -> Sequence[float]:
        """Score candidates.

        Raises:
            ConfigurationError: If the model did not tell log-probabilities.
        """
        return [_confidence(entry) for entry in scoring.entries]

    async def ascore_candidates(
        self, scoring: Scoring, config: RunnableConfig | None = None
    ) -> Sequence[float]:
        """Score candidates.

        Raises:
            ConfigurationError: If the model did not tell log-probabilities.
        """
        return self.score_candidates(scoring, config)


def _confidence(entry: Entry) -> float:
    if entry.mean_logprob is None:
        raise ConfigurationError(
            "ConfidenceJudge needs the log-probabilities of candidates, and the model tells none. "
            "Ask for them, as with ChatOpenAI(logprobs=True), or use a judge such as GenerativeJudge(model)."
        )
    return entry.mean_logprob
