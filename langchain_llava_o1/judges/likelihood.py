"""A judge that writes nothing: how likely is it that a chat model would choose one, or the other?"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.runnables import RunnableConfig

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.judge import Comparison, PairwiseJudge
from langchain_llava_o1.judges.verdict import Choice, Verdict
from langchain_llava_o1.staging.prompts import VERDICT_PREFIX, comparison_prompt


class ScoringModel(Protocol):
    """A chat model that can tell how likely texts are, as ``ChatLlavaO1`` can."""

    def score(self, messages: Sequence[BaseMessage], continuations: Sequence[str]) -> list[float]:
        """Return the log-probability of each text to come next."""
        ...

    async def ascore(self, messages: Sequence[BaseMessage], continuations: Sequence[str]) -> list[float]:
        """Return the log-probability of each text to come next, without blocking the event loop."""
        ...


_CHOICES = (f"{VERDICT_PREFIX} 1", f"{VERDICT_PREFIX} 2")


@dataclass(frozen=True)
class LikelihoodJudge(PairwiseJudge):
    """Compare how likely a model is to choose each of two candidates, shown in both orders.

    The log-odds of both orders are added, so that a leaning to one position cancels out.

    Attributes:
        model: The model that judges.
    """

    model: ScoringModel

    @classmethod
    def from_model(cls, model: Any) -> Self:
        """Make the judge of a chat model that can tell how likely texts are.

        Raises:
            ConfigurationError: If the model cannot.
        """
        if not hasattr(model, "ascore"):
            raise ConfigurationError(
                "The likelihood judge needs a model that tells how likely texts are, as ChatLlavaO1 does; "
                f"{type(model).__name__} does not. Use another judge, such as the generative one."
            )
        return cls(model)

    def compare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates."""
        as_given, swapped = (self.model.score(prompt, _CHOICES) for prompt in _prompts(comparison))
        return _decide(as_given, swapped)

    async def acompare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates without blocking the event loop."""
        as_given, swapped = await asyncio.gather(
            *(self.model.ascore(prompt, _CHOICES) for prompt in _prompts(comparison))
        )
        return _decide(as_given, swapped)


def _prompts(comparison: Comparison) -> list[list[BaseMessage]]:
    pairs = ((comparison.first, comparison.second), (comparison.second, comparison.first))
    return [
        [*comparison.prompt, HumanMessage(comparison_prompt(comparison.part, *pair, with_reason=False))]
        for pair in pairs
    ]


def _decide(as_given: Sequence[float], swapped: Sequence[float]) -> Verdict:
    log_odds = as_given[0] - as_given[1] + swapped[1] - swapped[0]
    text = f"log-odds of the first candidate: {log_odds:+.3f}"
    if log_odds == 0 or math.isnan(log_odds):
        return Verdict(text, None, "Both candidates are equally likely to be chosen.")
    choice: Choice = 1 if log_odds > 0 else 2
    # Half of the sum: the mean of the two orders.
    share = 1 / (1 + math.exp(-min(abs(log_odds) / 2, 700.0)))
    return Verdict(text, choice, f"The choice of this candidate has a probability of {share:.2f}.")
