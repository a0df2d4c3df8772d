"""A single pass: one answer, all stages at once. What the searches are compared with."""

from langchain_llava_o1.judges.chat_model import ChatModel
from langchain_llava_o1.judges.confidence import ConfidenceJudge
from langchain_llava_o1.judges.function import JudgeLike
from langchain_llava_o1.search.builder import SearchBuilder, SearchGraph, select_by_any
from langchain_llava_o1.search.sampling import Continuation
from langchain_llava_o1.search.selection.ranking import Ranking
from langchain_llava_o1.search.settings import QuestionSettings, SamplingSettings
from langchain_llava_o1.search.state import SearchState
from langchain_llava_o1.search.step_plan import StepPlan
from langchain_llava_o1.staging.parts.answer import WHOLE_ANSWER


class SinglePassContext(QuestionSettings, SamplingSettings):
    """Settings of a single pass, given as ``context=`` when the graph runs."""


def create_single_pass(
    model: ChatModel, *, judge: JudgeLike | None = None, continuation: Continuation | None = None
) -> SearchGraph:
    """Build the graph of a single pass, uncompiled, with the state of a search.

    Args:
        model: Any LangChain chat model.
        judge: As for the searches; it is never asked, for there is nothing to choose.
        continuation: As for ``create_stage_beam``.

    Raises:
        ConfigurationError: If ``judge`` is not a judge, or there is no such continuation.
    """
    select_by_any(judge)
    builder = SearchBuilder.of(model, Ranking(ConfidenceJudge()), continuation, SinglePassContext)
    return builder.single_step(_plan)


def _plan(state: SearchState, settings: SinglePassContext) -> StepPlan:
    return StepPlan("answer", WHOLE_ANSWER, state["beams"], num_candidates=1)
