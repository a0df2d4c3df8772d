"""Putting one question to a model: in a search, or in a single pass."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_llava_o1.evaluation import JudgeName, Strategy

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import HumanMessage

    from langchain_llava_o1 import ChatLlavaO1, SearchResult
    from langchain_llava_o1.evaluation.strategies import StrategySettings

Listener = Callable[[dict[str, Any]], None]
"""Receives the events of a search (``search/events.py``). A single pass sends the same, one candidate per
stage, and ``{"type": "text", "stage", "text"}`` for every piece of text as it is written."""

Result = TypeVar("Result")

SEED_BITS = 31


@dataclass(frozen=True)
class AnswerSettings:
    """How a question is to be answered.

    Attributes:
        model: Hub id, folder or "tiny"; None for the default.
        num_candidates: Candidates per stage; 1 answers in a single pass.
        temperature: Sampling temperature; None for the default of the search or the model.
        seed: Seed of the sampling; None draws one.
        strategy: Which search; one that has nothing to choose from answers in a single pass.
        judge: What decides between candidates; None for the search's own default.
        further: Further settings of the search, by name.
    """

    model: str | None = None
    num_candidates: int = 4
    temperature: float | None = None
    seed: int | None = None
    strategy: Strategy = Strategy.STAGE_BEAM
    judge: JudgeName | None = None
    further: dict[str, Any] = field(default_factory=dict)

    @property
    def is_single_pass(self) -> bool:
        """Whether there is nothing to choose from."""
        return self.num_candidates == 1 or not self.strategy.is_search


def create_model(settings: AnswerSettings) -> "ChatLlavaO1":
    """Create the chat model that the settings name."""
    from langchain_llava_o1 import ChatLlavaO1

    return ChatLlavaO1.model_validate({"model": settings.model, "temperature": settings.temperature})


def answer_question(
    image_block: dict[str, Any], question: str, settings: AnswerSettings, listener: Listener
) -> "SearchResult":
    """Answer a question about a picture.

    Args:
        image_block: LangChain image block that holds the picture.
        question: What is asked.
        settings: Model, number of candidates, temperature and seed.
        listener: Called with every event while the answer is made.
    """
    from langchain_core.messages import HumanMessage

    from langchain_llava_o1.cli.single_pass import answer_in_one_pass

    if settings.seed is None:
        settings = replace(settings, seed=secrets.randbits(SEED_BITS))
    message = HumanMessage([image_block, {"type": "text", "text": question}])
    if settings.strategy is Strategy.GREEDY:
        settings = replace(settings, temperature=0.0)
    model = create_model(settings)
    answer = answer_in_one_pass if settings.is_single_pass else answer_by_search
    return run_until_interrupted(answer(model, message, settings, listener))


async def answer_by_search(
    model: "BaseChatModel", message: "HumanMessage", settings: AnswerSettings, listener: Listener
) -> "SearchResult":
    """Answer by a search."""
    from langchain_llava_o1 import SearchResult
    from langchain_llava_o1.evaluation.strategies import create_search, search_context

    strategy = strategy_of(settings)
    graph = create_search(model, strategy).compile()
    state = await run_graph(graph, {"messages": [message]}, search_context(model, strategy), listener)
    return SearchResult.from_state(state, model_name=model_name(model))


def strategy_of(settings: AnswerSettings) -> "StrategySettings":
    """Return the strategy that the settings choose, with all settings of its search."""
    from langchain_llava_o1.evaluation.strategies import StrategySettings

    chosen = {
        "candidates": settings.num_candidates,
        "temperature": settings.temperature,
        "seed": settings.seed,
    }
    given = settings.further | {name: value for name, value in chosen.items() if value is not None}
    return StrategySettings(settings.strategy, settings.judge, given)


async def run_graph(graph: Any, given: dict[str, Any], context: Any, listener: Listener) -> dict[str, Any]:
    """Run a graph to its end; events of searches anywhere in it go to the listener."""
    state: dict[str, Any] = {}
    events: AsyncIterator[Any] = graph.astream(
        given, context=context, stream_mode=["custom", "values"], subgraphs=True
    )
    async for namespace, mode, data in events:
        if mode == "custom":
            listener(data)
        elif not namespace:
            state = data
    return state


def model_name(model: "BaseChatModel") -> str:
    """Return what a chat model calls itself."""
    return str(getattr(model, "model", None) or type(model).__name__)


def run_until_interrupted(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end, or leave at once on Ctrl-C.

    ``asyncio.run`` would wait on its way out for threads that cannot be stopped, such as one that reads
    a model's weights.
    """
    runner = asyncio.Runner()
    try:
        result = runner.run(coroutine)
    except KeyboardInterrupt:
        raise
    except BaseException:
        runner.close()
        raise
    runner.close()
    return result
