"""A single pass: one answer, all stages at once. What the searches are compared with."""

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


def create_single_pass(
    model: ChatModel, *, judge: JudgeLike | None = None, continuation: Continuation | None = None
) -> SearchGraph:
    """Build the graph of a single pass, uncompiled, with the state and settings of a search.

    Args:
        model: Any LangChain chat model.
        judge: As for the searches; it is never asked, for there is nothing to choose.
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
    return ContestPlan("answer", WHOLE_ANSWER, state["beams"], num_candidates=1)
