"""Self-consistency: N whole answers, of which the conclusion that most of them reach is taken.

Source: Wang et al., arXiv 2203.11171. Where several conclusions are reached equally often, a judge that
scores decides.
"""

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.chat_model import ChatModel
from langchain_llava_o1.judges.judge import ScoringJudge
from langchain_llava_o1.search.builder import SearchBuilder, SearchGraph
from langchain_llava_o1.search.sampling import Continuation
from langchain_llava_o1.search.selection.majority import Majority
from langchain_llava_o1.search.settings import SearchSettings
from langchain_llava_o1.search.state import SearchState
from langchain_llava_o1.search.step_plan import StepPlan
from langchain_llava_o1.staging.parts.answer import WHOLE_ANSWER


def create_self_consistency(
    model: ChatModel, *, judge: ScoringJudge | None = None, continuation: Continuation | None = None
) -> SearchGraph:
    """Build the graph of a self-consistency search, uncompiled.

    Args:
        model: Any LangChain chat model.
        judge: Scores answers where several conclusions are reached equally often; by default the answer that
            the model was surest of wins, or the first one where the model tells no log-probabilities.
        continuation: As for ``create_stage_beam``.

    Raises:
        ConfigurationError: If the judge does not score, or there is no such continuation.
    """
    if judge is not None and not isinstance(judge, ScoringJudge):
        raise ConfigurationError(
            f"Self-consistency breaks ties by scores, and {type(judge).__name__} is no ScoringJudge. "
            "Use ConfidenceJudge() or RewardJudge(…), derive your class from ScoringJudge, or leave it out."
        )
    return SearchBuilder.of(model, Majority(judge), continuation, SearchSettings).single_step(_plan)


def _plan(state: SearchState, settings: SearchSettings) -> StepPlan:
    return StepPlan("answer", WHOLE_ANSWER, state["beams"], settings.candidates)
