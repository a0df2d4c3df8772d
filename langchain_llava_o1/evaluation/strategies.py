"""Ways to answer a question that can be compared: one greedy pass, one sampled pass, the searches."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation import JudgeName, Strategy
from langchain_llava_o1.judges.confidence import ConfidenceJudge
from langchain_llava_o1.judges.generative import GenerativeJudge
from langchain_llava_o1.judges.judge import Judge, ScoringJudge
from langchain_llava_o1.judges.likelihood import LikelihoodJudge, ScoringModel
from langchain_llava_o1.search.best_of_n import create_best_of_n
from langchain_llava_o1.search.context import (
    SearchContext,
    SentenceBeamContext,
    StageBeamContext,
    SwiresContext,
)
from langchain_llava_o1.search.frame import SearchGraph
from langchain_llava_o1.search.self_consistency import create_self_consistency
from langchain_llava_o1.search.sentence_beam import create_sentence_beam
from langchain_llava_o1.search.single_pass import create_single_pass
from langchain_llava_o1.search.stage_beam import create_stage_beam
from langchain_llava_o1.search.swires import create_swires

Answer = Callable[[HumanMessage, int], Awaitable[AIMessage]]
"""Answers a question with a seed; the reply's content is the conclusion."""


class _Search(NamedTuple):
    create: Callable[..., SearchGraph]
    context: type[SearchContext]


_SEARCHES = {
    Strategy.GREEDY: _Search(create_single_pass, SearchContext),
    Strategy.SINGLE: _Search(create_single_pass, SearchContext),
    Strategy.BEST_OF_N: _Search(create_best_of_n, SearchContext),
    Strategy.SELF_CONSISTENCY: _Search(create_self_consistency, SearchContext),
    Strategy.SENTENCE_BEAM: _Search(create_sentence_beam, SentenceBeamContext),
    Strategy.STAGE_BEAM: _Search(create_stage_beam, StageBeamContext),
    Strategy.SWIRES: _Search(create_swires, SwiresContext),
}


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
    graph = create_search(model, settings).compile()
    context = search_context(settings)

    async def answer(question: HumanMessage, seed: int) -> AIMessage:
        state = await graph.ainvoke(
            {"messages": [question]}, context=context.model_copy(update={"seed": seed})
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
    judge = None if settings.judge is None else create_judge(settings.judge, model)
    if (
        judge is not None
        and settings.strategy.is_search
        and not settings.strategy.takes_any_judge
        and not isinstance(judge, ScoringJudge)
    ):
        raise ConfigurationError(
            f"{settings.strategy} works with scores, and the {settings.judge} judge gives none. "
            f"Use {JudgeName.CONFIDENCE}, or leave the judge out."
        )
    return _SEARCHES[settings.strategy].create(model, judge=judge)


def search_context(settings: StrategySettings) -> SearchContext:
    """Return the settings of a strategy's search, checked.

    Raises:
        ConfigurationError: If one is none of the search's, or out of its bounds.
    """
    is_greedy = settings.strategy is Strategy.GREEDY
    context = settings.context | ({"temperature": 0.0} if is_greedy else {})
    try:
        return _SEARCHES[settings.strategy].context.model_validate(context)
    except ValueError as error:
        raise ConfigurationError(f"{settings.strategy}: {error}") from error


def known_settings(strategy: Strategy) -> frozenset[str]:
    """Return the names of the settings that a strategy has."""
    return frozenset(_SEARCHES[strategy].context.model_fields)


def create_judge(name: JudgeName, model: BaseChatModel) -> Judge:
    """Build a judge by its name.

    Raises:
        ConfigurationError: If the model cannot be asked what the judge asks.
    """
    if name is JudgeName.LIKELIHOOD and not hasattr(model, "ascore"):
        raise ConfigurationError(
            f"The likelihood judge needs a model that tells how likely texts are, as ChatLlavaO1 does; "
            f"{type(model).__name__} does not. Use {JudgeName.GENERATIVE} or {JudgeName.CONFIDENCE}."
        )
    judges: dict[JudgeName, Callable[[], Judge]] = {
        JudgeName.GENERATIVE: lambda: GenerativeJudge(model),
        JudgeName.LIKELIHOOD: lambda: LikelihoodJudge(cast("ScoringModel", model)),
        JudgeName.CONFIDENCE: ConfidenceJudge,
    }
    return judges[name]()
