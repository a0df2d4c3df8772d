"""Ways to answer a question that can be compared: one greedy pass, one sampled pass, a search."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage

from langchain_llava_o1.evaluation import Strategy
from langchain_llava_o1.search.context import StageBeamContext
from langchain_llava_o1.search.stage_beam import create_stage_beam

Answer = Callable[[HumanMessage, int], Awaitable[AIMessage]]
"""Answers a question with a seed; the reply's content is the conclusion."""


@dataclass(frozen=True)
class StrategySettings:
    """What the strategies need to know.

    Attributes:
        candidates: Candidates per stage of a search.
        temperature: Of whatever is sampled: a single pass is sampled as a search's candidates are.
    """

    candidates: int = 4
    temperature: float = StageBeamContext().temperature


def create_answer(model: BaseChatModel, strategy: Strategy, settings: StrategySettings) -> Answer:
    """Build the function that answers questions with a strategy."""
    return {
        Strategy.GREEDY: _create_greedy,
        Strategy.SINGLE: _create_single,
        Strategy.STAGE_BEAM: _create_stage_beam,
    }[strategy](model, settings)


def _create_greedy(model: BaseChatModel, settings: StrategySettings) -> Answer:
    async def answer(question: HumanMessage, seed: int) -> AIMessage:
        return await model.ainvoke([question], temperature=0.0)

    return answer


def _create_single(model: BaseChatModel, settings: StrategySettings) -> Answer:
    async def answer(question: HumanMessage, seed: int) -> AIMessage:
        return await model.ainvoke([question], temperature=settings.temperature, seed=seed)

    return answer


def _create_stage_beam(model: BaseChatModel, settings: StrategySettings) -> Answer:
    graph = create_stage_beam(model).compile()

    async def answer(question: HumanMessage, seed: int) -> AIMessage:
        context = StageBeamContext(
            candidates=settings.candidates, temperature=settings.temperature, seed=seed
        )
        state = await graph.ainvoke({"messages": [question]}, context=context)
        reply = state["messages"][-1]
        assert isinstance(reply, AIMessage), "a search appends its answer"
        return reply

    return answer
