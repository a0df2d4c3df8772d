"""Putting a conversation to a search, with all that came of it."""

from collections.abc import Awaitable, Callable, Sequence

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from langchain_llava_o1.judges.chat_model import name_of
from langchain_llava_o1.report.result import SearchResult
from langchain_llava_o1.search.settings import AS_A_PROGRAM
from langchain_llava_o1.search.strategy import Strategy

Searcher = Callable[[Sequence[BaseMessage], int], Awaitable[SearchResult]]
"""Answers the question that a conversation ends in, with a seed."""


def create_searcher(model: BaseChatModel, strategy: Strategy) -> Searcher:
    """Build the function that answers conversations with a strategy.

    Raises:
        ConfigurationError: If the strategy's parts do not go together.
    """
    built = strategy.build(model)
    graph = built.graph.compile()
    name = name_of(model)

    async def search(conversation: Sequence[BaseMessage], seed: int) -> SearchResult:
        context = built.context.model_copy(update={"seed": seed, **AS_A_PROGRAM})
        state = await graph.ainvoke({"messages": list(conversation)}, context=context)
        return SearchResult.from_state(state, model_name=name)

    return search
