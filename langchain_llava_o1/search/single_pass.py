"""A single pass: one answer, all stages at once. What the searches are compared with."""

from langchain_llava_o1.judges.function import JudgeLike
from langchain_llava_o1.judges.generative import ChatModel
from langchain_llava_o1.search.context import SearchContext
from langchain_llava_o1.search.frame import (
    ContestPlan,
    SearchGraph,
    SearchState,
    create_one_contest,
    read_means,
)
from langchain_llava_o1.search.sampling import Continuation
from langchain_llava_o1.staging.stages import WHOLE_ANSWER


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
    return create_one_contest(read_means(model, judge, continuation), _plan)


def _plan(state: SearchState, settings: SearchContext) -> ContestPlan:
    return ContestPlan("answer", WHOLE_ANSWER, state["beams"], num_candidates=1)
