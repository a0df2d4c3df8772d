"""What is measured on a benchmark: a search, or a baseline that no benchmark can be read without."""

import asyncio
import random
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage

from langchain_llava_o1.evaluation.answers import Answer, Asked, Reply, create_answer, seed_of
from langchain_llava_o1.evaluation.benchmark import Benchmark
from langchain_llava_o1.evaluation.item import DamagedItemError
from langchain_llava_o1.judges.chat_model import chat_model_of
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.staging.stages import STAGES


class Facts(NamedTuple):
    """What a report says of a contender, besides its name.

    Attributes:
        judge: What decides between candidates; None for the search's own default, or where there is none.
        candidates: How many there are to choose from.
        temperature: Of the sampling; None where it is left to the model, or there is none.
    """

    judge: str | None
    candidates: int
    temperature: float | None


class Contender(ABC):
    """Answers the items of a benchmark.

    Attributes:
        asks_model: Whether the model is asked, and must be loaded before time is taken.
    """

    asks_model: bool = True

    @abstractmethod
    def describe(self, model: BaseChatModel) -> Facts:
        """Say what a report says of it."""

    @abstractmethod
    async def prepare(self, model: BaseChatModel, benchmark: Benchmark, numbers: Sequence[int]) -> Answer:
        """Return what answers the items of these numbers."""


@dataclass(frozen=True)
class SearchContender(Contender):
    """A search of the catalogue with its judge and its settings."""

    strategy: Strategy

    def describe(self, model: BaseChatModel) -> Facts:
        """Say what its settings are."""
        context = self.strategy.build(model).context
        return Facts(self.strategy.judge, getattr(context, "candidates", 1), context.temperature)

    async def prepare(self, model: BaseChatModel, benchmark: Benchmark, numbers: Sequence[int]) -> Answer:
        """Build the search."""
        return create_answer(model, self.strategy)


@dataclass(frozen=True)
class TextOnly(Contender):
    """A search that is not shown the pictures: what the questions give away by themselves."""

    strategy: Strategy

    def describe(self, model: BaseChatModel) -> Facts:
        """Say what its settings are."""
        return SearchContender(self.strategy).describe(model)

    async def prepare(self, model: BaseChatModel, benchmark: Benchmark, numbers: Sequence[int]) -> Answer:
        """Build the search."""
        shown = create_answer(model, self.strategy)

        async def answer(asked: Asked) -> Reply:
            return await shown(asked._replace(conversation=[HumanMessage(asked.item.question)]))

        return answer


@dataclass(frozen=True)
class Plain(Contender):
    """The question as it stands, in one call, without a word about stages.

    So are the other models asked that published tables list. The whole reply is the answer.
    """

    strategy: Strategy

    def describe(self, model: BaseChatModel) -> Facts:
        """Say what its settings are."""
        return SearchContender(self.strategy).describe(model)

    async def prepare(self, model: BaseChatModel, benchmark: Benchmark, numbers: Sequence[int]) -> Answer:
        """Give the model an answer's share of tokens."""
        context = self.strategy.build(model).context
        parameters: dict[str, Any] = {"max_tokens": context.max_tokens_per_stage * len(STAGES)}
        if context.temperature is not None:
            parameters["temperature"] = context.temperature
        # Providers that have no such parameter refuse it.
        has_seed = "seed" in getattr(type(chat_model_of(model)), "model_fields", {})

        async def answer(asked: Asked) -> Reply:
            own = {"seed": seed_of(asked, context.seed)} if has_seed else {}
            return Reply(await model.ainvoke(list(asked.conversation), **{**parameters, **own}))

        return answer


class Guess(Contender):
    """One of the choices at random, or no answer where there are none: what a benchmark gives for nothing."""

    asks_model = False

    def describe(self, model: BaseChatModel) -> Facts:
        """Say that nobody is asked."""
        return Facts(None, 1, None)

    async def prepare(self, model: BaseChatModel, benchmark: Benchmark, numbers: Sequence[int]) -> Answer:
        """Draw by an item's number, so that every run draws alike."""

        async def answer(asked: Asked) -> Reply:
            choices = asked.item.choices
            drawn = random.Random(f"guess {asked.number}")
            return Reply(AIMessage(drawn.choice(choices) if choices else ""))

        return answer


class MajorityOption(Contender):
    """Always the choice that is right most often among as many choices: what their order gives away.

    An item has no say in its own answer, so that few items do not look better than many.
    """

    asks_model = False

    def describe(self, model: BaseChatModel) -> Facts:
        """Say that nobody is asked."""
        return Facts(None, 1, None)

    async def prepare(self, model: BaseChatModel, benchmark: Benchmark, numbers: Sequence[int]) -> Answer:
        """Count which choice is right, over all the items."""
        counts: defaultdict[int, Counter[int]] = defaultdict(Counter)
        rights: dict[int, Counter[int]] = {}
        for number in numbers:
            try:
                item = await asyncio.to_thread(benchmark.read_item, number)
            except DamagedItemError:
                continue
            grades = [(await benchmark.grade(item, choice)).score for choice in item.choices]
            rights[number] = Counter(place for place, score in enumerate(grades) if score == 1)
            counts[len(item.choices)] += rights[number]

        async def answer(asked: Asked) -> Reply:
            choices = asked.item.choices
            others = counts[len(choices)] - rights[asked.number]
            place = max(range(len(choices)), key=lambda place: others[place], default=None)
            return Reply(AIMessage("" if place is None else choices[place]))

        return answer


BASELINES: dict[str, Callable[[Strategy], Contender]] = {
    "random": lambda strategy: Guess(),
    "majority-option": lambda strategy: MajorityOption(),
    "text-only": TextOnly,
}
"""What makes the baselines of a greedy pass, by the names that tables give them."""

PLAIN = "plain"
"""Name of the answer without stages."""
