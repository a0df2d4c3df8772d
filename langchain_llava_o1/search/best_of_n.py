"""Best-of-N: N whole answers, of which a knock-out leaves one."""

from langgraph.graph import END

from langchain_llava_o1.judges.function import JudgeLike
from langchain_llava_o1.search.context import SearchContext
from langchain_llava_o1.search.frame import (
    ContestPlan,
    SearchGraph,
    SearchState,
    contest_node,
    give_answer,
    read_means,
    start_search,
)
from langchain_llava_o1.search.sampling import ChatModel, Continuation
from langchain_llava_o1.stages import WHOLE_ANSWER


def create_best_of_n(
    model: ChatModel, *, judge: JudgeLike | None = None, continuation: Continuation | None = None
) -> SearchGraph:
    """Build the graph of a best-of-N search, uncompiled.

    Args:
        model: Any LangChain chat model.
        judge: As for ``create_stage_beam``; it judges whole answers.
        continuation: As for ``create_stage_beam``.

    Raises:
        ConfigurationError: If the judge is none, or there is no such continuation.
    """
    means = read_means(model, judge, continuation)
    graph = start_search(SearchState, SearchContext)
    graph.add_node("draw", contest_node("draw", means, SearchContext, _plan))
    graph.add_node("answer", give_answer)
    graph.add_edge("question", "draw")
    graph.add_edge("draw", "answer")
    graph.add_edge("answer", END)
    return graph


def _plan(state: SearchState, settings: SearchContext) -> ContestPlan:
    return ContestPlan("answer", WHOLE_ANSWER, state["beams"], settings.candidates)
