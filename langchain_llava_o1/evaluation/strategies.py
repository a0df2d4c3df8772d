"""Ways to answer a question that can be compared: one greedy pass, one sampled pass, the searches."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage

from langchain_llava_o1.evaluation import JudgeName, Strategy
from langchain_llava_o1.search import strategy as by_name
from langchain_llava_o1.search.builder import SearchGraph

Answer = Callable[[HumanMessage, int], Awaitable[AIMessage]]
"""Answers a question with a seed; the reply's content is the conclusion."""


@dataclass(frozen=True)
class StrategySettings:
    """How the questions are answered.

    Attributes:
        strategy: Which search, or a single pass.
        judge: What decides between candidates; None for the search's own default.
        context: Settings of the search, by name, where they are not the defaults.
    """

    strategy: Strategy
    judge: JudgeName | None
    context: dict[str, Any]


def create_answer(model: BaseChatModel, settings: StrategySettings) -> Answer:
    """Build the function that answers questions with a strategy.

    Raises:
        ConfigurationError: If the strategy and the judge do not go together, or a setting is none of the
            search's.
    """
    built = _strategy(settings).build(model)
    graph = built.graph.compile()

    async def answer(question: HumanMessage, seed: int) -> AIMessage:
        state = await graph.ainvoke(
            {"messages": [question]}, context=built.context.model_copy(update={"seed": seed})
        )
        reply = state["messages"][-1]
        assert isinstance(reply, AIMessage), "a search appends its answer"
        return reply

    return answer


def create_search(model: BaseChatModel, settings: StrategySettings) -> SearchGraph:
    """Build the graph of a strategy, uncompiled.

    Raises:
        ConfigurationError: If the strategy and the judge do not go together.
    """
    return _strategy(settings).build(model).graph


def search_context(model: BaseChatModel, settings: StrategySettings) -> Any:
    """Return the settings of a strategy's search, checked.

    Raises:
        ConfigurationError: If one is none of the search's, or out of its bounds.
    """
    return _strategy(settings).build(model).context


def known_settings(model: BaseChatModel, strategy: Strategy, judge: JudgeName | None) -> frozenset[str]:
    """Return the names of the settings that a strategy has."""
    return by_name.Strategy(strategy.value, judge and judge.value).settings_known_to(model)


def _strategy(settings: StrategySettings) -> by_name.Strategy:
    return by_name.Strategy(
        settings.strategy.value, settings.judge and settings.judge.value, settings.context
    )
