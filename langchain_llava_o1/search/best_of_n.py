"""Best-of-N: N whole answers, of which a knock-out leaves one."""

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
    return create_one_contest(read_means(model, judge, continuation), _plan)


def _plan(state: SearchState, settings: SearchContext) -> ContestPlan:
    return ContestPlan("answer", WHOLE_ANSWER, state["beams"], settings.candidates)
