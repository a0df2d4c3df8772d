"""Whatever a caller gives as a judge, taken as one."""

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
from langchain_core.runnables.base import RunnableBindingBase

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.chat_model import ChatModel
from langchain_llava_o1.judges.generative import GenerativeJudge
from langchain_llava_o1.judges.judge import Comparison, Judge, PairwiseJudge
from langchain_llava_o1.judges.verdict import Verdict, read_verdict

Opinion = Verdict | int | str | None
"""What a function may say: a verdict, 1 or 2, a text such as "… Better: 1", None for no choice."""

JudgeLike = Judge | Callable[[Comparison], Opinion] | Runnable[Any, Any]
"""A judge, a function or Runnable that compares, or a chat model, asked as ``GenerativeJudge`` asks."""


@dataclass(frozen=True)
class FunctionJudge(PairwiseJudge):
    """A function or a Runnable that is given a ``Comparison`` and says which candidate is better.

    Attributes:
        function: Returns 1 or 2, a text that names the choice as in "Better: 1", a ``Verdict``, or None.
    """

    function: Callable[[Comparison], Opinion] | Runnable[Comparison, Opinion]

    def __post_init__(self) -> None:
        """Take a coroutine function as the Runnable that awaits it."""
        if inspect.iscoroutinefunction(self.function):
            object.__setattr__(self, "function", RunnableLambda(self.function))

    def compare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates in the order given."""
        if isinstance(self.function, Runnable):
            return _read(self.function.invoke(comparison, config))
        return _read(self.function(comparison))

    async def acompare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates in the order given, without blocking the event loop."""
        if isinstance(self.function, Runnable):
            return _read(await self.function.ainvoke(comparison, config))
        return _read(await asyncio.to_thread(self.function, comparison))


def read_judge(judge: JudgeLike) -> Judge:
    """Return the judge that ``judge`` is, or can be taken as.

    Raises:
        ConfigurationError: If it is none, such as an object that only has a judge's methods.
    """
    if isinstance(judge, Judge):
        return judge
    is_model = isinstance(judge, BaseChatModel) or (
        isinstance(judge, RunnableBindingBase) and isinstance(judge.bound, BaseChatModel)
    )
    if is_model:
        return GenerativeJudge(cast("ChatModel", judge))
    if isinstance(judge, Runnable) or callable(judge):
        return FunctionJudge(judge)
    raise ConfigurationError(
        f"judge is {judge!r}, which is no judge. Give a judge such as GenerativeJudge(model), a chat model, "
        "or a function of a Comparison that returns 1 or 2. A class of your own derives from PairwiseJudge "
        "or ScoringJudge; to have their methods is not enough."
    )


def _read(opinion: object) -> Verdict:
    if isinstance(opinion, Verdict):
        return opinion
    if isinstance(opinion, str):
        return read_verdict(opinion)
    if opinion is None:
        return Verdict("", None, "The judge named no choice.")
    if isinstance(opinion, int) and opinion in (1, 2) and not isinstance(opinion, bool):
        return Verdict(str(opinion), 1 if opinion == 1 else 2, "")
    raise ConfigurationError(
        f"A judge's function returned {opinion!r}. Return 1 or 2 for the better candidate, a text such as "
        '"… Better: 1", a Verdict, or None for no choice.'
    )
