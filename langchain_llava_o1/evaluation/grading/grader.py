"""A chat model that reads answers where rules cannot."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeVar
from weakref import WeakValueDictionary

from langchain_core.exceptions import ModelInvalidRequestError
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from langchain_llava_o1.data.annotation.models import with_retries
from langchain_llava_o1.data.annotation.spending import (
    Spending,
    Usage,
    estimate_tokens,
    usage_of,
)
from langchain_llava_o1.errors import ConfigurationError, GenerationError
from langchain_llava_o1.evaluation.grading.prompts import ask_for_score
from langchain_llava_o1.evaluation.grading.reply_cache import CachedReply, ReplyCache, digest_of
from langchain_llava_o1.evaluation.grading.score import read_score
from langchain_llava_o1.judges.chat_model import ChatModel

GRADING = "grader"
"""The role of the model that grades, for prices."""

DEFAULT_ATTEMPTS = 6

_TEMPERATURES = (0.0, 0.5, 1.0)
_RISING_TEMPERATURES = (0.0, 0.5, 1.0, 1.5, 2.0)

Value = TypeVar("Value")


class Reading(NamedTuple):
    """What a grader said.

    Attributes:
        value: What was read out of its reply; None if no reply could be read.
        told: The reply that was read, or the last one.
    """

    value: Any
    told: str


class Told(NamedTuple):
    """What a call brought.

    Attributes:
        text: What was written.
        usage: What that took.
    """

    text: str
    usage: Usage


class Grader:
    """A chat model that is asked about answers, and never twice the same.

    Attributes:
        name: What the model is called, in reports and in the cache.
        cache: The replies that are known.
        spending: What its calls take, under the role ``GRADING``. Replies from the cache take nothing.
    """

    def __init__(
        self,
        model: ChatModel,
        name: str,
        *,
        cache: ReplyCache | None = None,
        spending: Spending | None = None,
        attempts: int = DEFAULT_ATTEMPTS,
    ) -> None:
        """Take the model.

        Args:
            model: Any chat model.
            name: What it is called. What two models of the same name say is taken for the same.
            cache: Replies that are known, and a place for new ones; by default memory.
            spending: Counts, and limits, what is spent.
            attempts: How often a call is made at most where the model cannot be reached, or is too busy.
        """
        self.name = name
        self.cache = ReplyCache() if cache is None else cache
        self.spending = Spending() if spending is None else spending
        self._model = with_retries(model, attempts)
        self._takes_temperature = True
        self._under_way: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def ask(
        self,
        prompt: str,
        read: Callable[[str], Value | None],
        *,
        tries: int = 3,
        temperatures: Sequence[float] = _TEMPERATURES,
    ) -> Reading:
        """Ask until a reply can be read.

        Args:
            prompt: What is asked.
            read: Reads a reply; None if it cannot.
            tries: How often it is asked at most.
            temperatures: Of each try; the last one also of those that follow.

        Raises:
            GenerationError: If the model fails for good.
            BudgetReached: If no further call may be paid for.
        """
        told = ""
        for number in range(tries):
            told = await self._tell(prompt, temperatures[min(number, len(temperatures) - 1)], number)
            if (value := read(told)) is not None:
                return Reading(value, told)
        return Reading(None, told)

    async def score(self, question: str, answer: str, reply: str) -> Reading:
        """Ask how right a free answer is, from 0 to 1, five times at most and at a rising temperature.

        Args:
            question: What was asked.
            answer: The ground truth; ``<AND>`` and ``<OR>`` join its parts.
            reply: What was answered, without tags.

        Raises:
            GenerationError: If the model fails for good.
            BudgetReached: If no further call may be paid for.
        """
        prompt = ask_for_score(question, answer, reply)
        return await self.ask(prompt, read_score, tries=5, temperatures=_RISING_TEMPERATURES)

    async def _tell(self, prompt: str, temperature: float, number: int) -> str:
        messages: list[BaseMessage] = [HumanMessage(prompt)]

        async def call() -> Told:
            reply = await self._invoke(messages, temperature)
            return Told(str(reply.text), usage_of(messages, reply))

        key = digest_of(self.name, prompt, temperature, number)
        return await self._once(key, call, estimate_tokens(messages))

    async def _once(self, key: str, call: Callable[[], Awaitable[Told]], num_tokens: int) -> str:
        """Return what is known under a key, or make the call that tells, and keep that.

        Raises:
            GenerationError: If the call fails.
            BudgetReached: If it cannot be paid for.
        """
        # Who asks the same at the same time waits for the reply.
        lock = self._under_way.setdefault(key, asyncio.Lock())
        async with lock:
            if (known := self.cache.find(key)) is not None:
                return known.told
            told, usage = await self._pay(call, num_tokens)
            self.cache.keep(CachedReply(key, self.name, told, usage.input_tokens, usage.output_tokens))
            return told

    async def _pay(self, call: Callable[[], Awaitable[Told]], num_tokens: int) -> Told:
        self.spending.begin(GRADING, Usage(1, num_tokens, 0))
        try:
            told = await call()
        except ConfigurationError:
            raise
        except Exception as error:
            raise GenerationError(
                f"The grader {self.name} failed: {type(error).__name__}: {error}. See that it can be "
                "reached, or name another one; the same command goes on from here."
            ) from error
        finally:
            self.spending.end(GRADING)
        self.spending.add(GRADING, told.usage)
        return told

    async def _invoke(self, messages: list[BaseMessage], temperature: float) -> AIMessage:
        if self._takes_temperature:
            try:
                return await self._model.ainvoke(messages, temperature=temperature)
            except ModelInvalidRequestError as error:
                # Models that reason have a temperature of their own, and refuse any other.
                if "temperature" not in str(error):
                    raise
                self._takes_temperature = False
        return await self._model.ainvoke(messages)
