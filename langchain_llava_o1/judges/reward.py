"""A judge that scores by a function or a reward model."""

import asyncio
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.judge import Scoring, ScoringJudge

Reward = Callable[[list[BaseMessage]], float] | Runnable[list[BaseMessage], float]
"""Scores a conversation that ends in an answer, complete or not; higher is better.

``accepted_text`` (``judges/judge.py``) tells what of the answer was accepted before.
"""


@dataclass(frozen=True)
class RewardJudge(ScoringJudge):
    """Score a candidate by a reward: of the question, and the answer up to the candidate's end.

    A ``Runnable`` is given all candidates at once, with ``batch``; a function one after the other.

    Attributes:
        reward: Any function or Runnable from messages to a number, such as ``HuggingFaceReward``.
    """

    reward: Reward

    def __post_init__(self) -> None:
        """Check the reward; take a coroutine function as the Runnable that awaits it."""
        if inspect.iscoroutinefunction(self.reward):
            object.__setattr__(self, "reward", RunnableLambda(self.reward))
        if not isinstance(self.reward, Runnable) and not callable(self.reward):
            raise ConfigurationError(
                "RewardJudge takes a function or a Runnable that scores messages, "
                f"got {type(self.reward).__name__}."
            )

    @property
    def default_cutoff(self) -> float | None:
        """The reward's own attribute of this name, if it has one."""
        cutoff: float | None = getattr(self.reward, "default_cutoff", None)
        return cutoff

    def score_candidates(self, scoring: Scoring, config: RunnableConfig | None = None) -> Sequence[float]:
        """Score candidates."""
        conversations = [entry.conversation for entry in scoring.entries]
        if isinstance(self.reward, Runnable):
            return [float(score) for score in self.reward.batch(conversations, config)]
        return [float(self.reward(conversation)) for conversation in conversations]

    async def ascore_candidates(
        self, scoring: Scoring, config: RunnableConfig | None = None
    ) -> Sequence[float]:
        """Score candidates without blocking the event loop."""
        if isinstance(self.reward, Runnable):
            conversations = [entry.conversation for entry in scoring.entries]
            return [float(score) for score in await self.reward.abatch(conversations, config)]
        return await asyncio.to_thread(self.score_candidates, scoring, config)
