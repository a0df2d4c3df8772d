"""Stage-level beam search: at each stage sample N candidates, keep the winner of a knock-out, go on from it.

Source: LLaVA-o1 (arXiv 2411.10440), section 3.3. A node per stage, each a step (``step.py``). With
``beams=K`` the search goes on from K candidates of a stage, draws N for each of them, and keeps K of all.
"""

from itertools import pairwise

from langgraph.graph import END
from pydantic import Field, field_validator

from langchain_llava_o1.judges.chat_model import ChatModel
from langchain_llava_o1.judges.function import JudgeLike
from langchain_llava_o1.search.builder import SearchBuilder, SearchGraph, give_answer, select_by_any
from langchain_llava_o1.search.sampling import Continuation
from langchain_llava_o1.search.settings import ComparisonSettings, NumCandidates, SearchSettings
from langchain_llava_o1.search.state import SearchState
from langchain_llava_o1.search.step_plan import Planner, StepPlan
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.stages import STAGES, Stage

_NAMES = [stage.name for stage in STAGES]


class StageBeamSettings(SearchSettings):
    """What the search obeys, whatever its judge."""

    candidates_per_stage: dict[str, NumCandidates] | None = Field(
        default=None,
        description="Candidates for single stages where they differ, by stage name: {'caption': 8}.",
    )
    beams: NumCandidates = Field(
        default=1,
        description="How many candidates of a stage the search goes on from; each gets its own candidates.",
    )

    @field_validator("candidates_per_stage")
    @classmethod
    def _check_stage_names(cls, value: dict[str, int] | None) -> dict[str, int] | None:
        if unknown := sorted(set(value or {}) - set(_NAMES)):
            raise ValueError(f"Unknown stage {', '.join(map(repr, unknown))}; use one of {_NAMES}.")
        return value

    def num_candidates(self, stage: Stage) -> int:
        """Return how many candidates ``stage`` gets."""
        return (self.candidates_per_stage or {}).get(stage.name, self.candidates)


class StageBeamContext(StageBeamSettings, ComparisonSettings):
    """Settings of one stage-level beam search, given as ``context=`` when the graph runs."""


def create_stage_beam(
    model: ChatModel, *, judge: JudgeLike | None = None, continuation: Continuation | None = None
) -> SearchGraph:
    """Build the graph of a stage-level beam search, uncompiled.

    Settings are given with each run and kept with it: ``graph.compile().invoke({"messages": […]},
    context=StageBeamContext(candidates=8))``; a dict with the same names does as well.

    Args:
        model: Any LangChain chat model.
        judge: What decides between candidates: a judge, another chat model, or a function of a
            ``Comparison``; by default ``model`` itself, asked for a reason and a choice.
        continuation: "prefill" for a model that goes on with an answer that a conversation ends in,
            "instruct" for one that is to be asked for each stage; by default what the model's profile says.

    Raises:
        ConfigurationError: If ``judge`` is not a judge, or there is no such continuation.
    """
    builder = SearchBuilder.of(model, select_by_any(judge), continuation, StageBeamSettings)
    graph = builder.begin(_NAMES[0])
    for stage in STAGES:
        graph.add_node(stage.name, builder.step(stage.name, _plan(stage)))
    graph.add_node("answer", give_answer)
    for name, following in pairwise([*_NAMES, "answer"]):
        graph.add_edge(name, following)
    graph.add_edge("answer", END)
    return graph


def _plan(stage: Stage) -> Planner:
    def plan(state: SearchState, settings: StageBeamSettings) -> StepPlan:
        num_kept = 1 if stage == STAGES[-1] else settings.beams
        return StepPlan(
            stage.name, StagePart(stage), state["beams"], settings.num_candidates(stage), num_kept
        )

    return plan
