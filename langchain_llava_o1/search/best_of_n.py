"""Best-of-N: N whole answers, of which the best is selected."""

from langchain_llava_o1.judges.chat_model import ChatModel
from langchain_llava_o1.judges.function import JudgeLike
from langchain_llava_o1.search.builder import SearchBuilder, SearchGraph, select_by_any
from langchain_llava_o1.search.sampling import Continuation
from langchain_llava_o1.search.settings import SearchSettings
from langchain_llava_o1.search.state import SearchState
from langchain_llava_o1.search.step_plan import StepPlan
from langchain_llava_o1.staging.parts.answer import WHOLE_ANSWER


def create_best_of_n(
    model: ChatModel, *, judge: JudgeLike | None = None, continuation: Continuation | None = None
) -> SearchGraph:
    """Build the graph of a best-of-N search, uncompiled.

    Args:
        model: Any LangChain chat model.
        judge: As for ``create_stage_beam``; it judges whole answers.
        continuation: As for ``create_stage_beam``.

    Raises:
        ConfigurationError: If ``judge`` is not a judge, or there is no such continuation.
    """
    builder = SearchBuilder.of(model, select_by_any(judge), continuation, SearchSettings)
    return builder.single_step(_plan)


def _plan(state: SearchState, settings: SearchSettings) -> StepPlan:
    return StepPlan("answer", WHOLE_ANSWER, state["beams"], settings.candidates)
