"""SWIRES, stage-wise retracing search: while the reasonings score badly, go back and draw again.

Source: the code published with LLaVA-CoT (arXiv 2411.10440). Captions and reasonings are beams that a judge
scores. The best reasonings of all rounds are kept; once the second-best of them scores above a cutoff, or
the rounds are used up, a conclusion is drawn from each, and the best one is the answer. Any other stage is
drawn once from each answer that reaches it.
"""

import operator
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any

from langgraph.graph import END
from langgraph.types import Command, Overwrite
from pydantic import Field, field_validator

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.chat_model import ChatModel
from langchain_llava_o1.judges.confidence import ConfidenceJudge
from langchain_llava_o1.judges.judge import ScoringJudge
from langchain_llava_o1.search.answer import is_finished
from langchain_llava_o1.search.builder import SearchBuilder, SearchGraph, give_answer
from langchain_llava_o1.search.records import EMPTY_BEAM, Beam
from langchain_llava_o1.search.sampling import Continuation
from langchain_llava_o1.search.selection.ranking import Ranking
from langchain_llava_o1.search.settings import NumCandidates, SearchSettings
from langchain_llava_o1.search.state import SearchState
from langchain_llava_o1.search.step_plan import Planner, StepPlan, Update
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.stages import STAGES, Stage, find_stage

_CAPTION, _REASONING = find_stage("caption"), find_stage("reasoning")
_RETRACED = STAGES[: STAGES.index(_REASONING) + 1]
"""The stages of a round."""
_CONCLUDING = STAGES[len(_RETRACED) :]
"""The stages after the last round."""
_PUBLISHED_CUTOFF = -0.243


class SwiresContext(SearchSettings):
    """Settings of one stage-wise retracing search, given as ``context=`` when the graph runs.

    The defaults are those of the published code: 4 captions of which 2 are kept, 2 reasonings for each of
    them, the best 3 of all rounds kept, and at most 4 rounds more.
    """

    captions_kept: NumCandidates = Field(
        default=2, description="Captions that a round goes on from, of `candidates` drawn."
    )
    reasonings: NumCandidates = Field(default=2, description="Reasonings drawn for each of those captions.")
    reasonings_kept: NumCandidates = Field(default=3, description="Best reasonings kept, over all rounds.")
    retraces: int = Field(
        default=4, ge=0, le=64, description="Most times that the search goes back and draws again."
    )
    retrace_to: str = Field(
        default="caption", description="The stage to go back to: the reasoning, or one before it."
    )
    cutoff: float | None = Field(
        default=None,
        description="The search goes back while the second-best reasoning's score is not above this. By "
        "default the judge's own, 0.5 for a process reward; else the published -0.243, which fits the "
        "published reward model. `llava-o1 bench cutoff` finds one for any judge.",
    )

    @field_validator("retrace_to")
    @classmethod
    def _check_stage(cls, value: str) -> str:
        names = [stage.name for stage in _RETRACED]
        if value not in names:
            raise ValueError(f"Unknown stage {value!r}; use one of {names}.")
        return value


class SwiresState(SearchState):
    """State of the search.

    ``kept`` has what each stage of this round left, by the stage's name; ``pool`` the best reasonings of all
    rounds so far.
    """

    kept: Annotated[dict[str, list[Beam]], operator.or_]
    pool: list[Beam]
    round: int


def create_swires(
    model: ChatModel, *, judge: ScoringJudge | None = None, continuation: Continuation | None = None
) -> SearchGraph:
    """Build the graph of a stage-wise retracing search, uncompiled.

    Args:
        model: Any LangChain chat model.
        judge: A judge that scores, such as ``RewardJudge``; by default ``ConfidenceJudge``. The cutoff
            belongs to the judge: without one it is the judge's ``default_cutoff`` or, of those that have
            none, the published one; ``llava-o1 bench cutoff`` finds a better one.
        continuation: As for ``create_stage_beam``.

    Raises:
        ConfigurationError: If the judge does not score, or there is no such continuation.
    """
    judge = ConfidenceJudge() if judge is None else judge
    if not isinstance(judge, ScoringJudge):
        raise ConfigurationError(
            f"SWIRES compares scores with a cutoff, and {type(judge).__name__} is no ScoringJudge. "
            "Use ConfidenceJudge() or RewardJudge(…), or derive your class from ScoringJudge."
        )
    builder = SearchBuilder.of(model, Ranking(judge), continuation, SwiresContext)
    graph = builder.begin(_RETRACED[0].name, SwiresState, kept=Overwrite({}), pool=[], round=0)
    for stage in _RETRACED:
        graph.add_node(stage.name, builder.step(stage.name, _plan_in_round(stage), _keep_in_round(stage)))
    for stage, following in pairwise(_RETRACED):
        graph.add_edge(stage.name, following.name)
    destinations = {stage.name: "draw again" for stage in _RETRACED}
    destinations[_CONCLUDING[0].name] = "good enough, or the last round"
    graph.add_node("retrace", _Retracing(judge).retrace, destinations=destinations)
    graph.add_edge(_RETRACED[-1].name, "retrace")
    for stage in _CONCLUDING:
        graph.add_node(stage.name, builder.step(stage.name, _plan_after_rounds(stage)))
    for stage, following in pairwise(_CONCLUDING):
        graph.add_edge(stage.name, following.name)
    graph.add_node("answer", give_answer)
    graph.add_edge(_CONCLUDING[-1].name, "answer")
    graph.add_edge("answer", END)
    return graph


def _plan_in_round(stage: Stage) -> Planner:
    def plan(state: SwiresState, settings: SwiresContext) -> StepPlan:
        place = STAGES.index(stage)
        beams = state["kept"][STAGES[place - 1].name] if place else [EMPTY_BEAM]
        num_drawn, num_kept = 1, len(beams)
        if stage == _CAPTION:
            num_drawn, num_kept = settings.candidates, settings.captions_kept
        elif stage == _REASONING:
            num_drawn, num_kept = settings.reasonings, settings.reasonings * len(beams)
        # From the second round on the name has the round's number.
        name = f"{stage.name} {state['round'] + 1}" if state["round"] else stage.name
        needs_scores = stage == _REASONING
        return StepPlan(name, StagePart(stage), beams, num_drawn, num_kept, needs_scores=needs_scores)

    return plan


def _keep_in_round(stage: Stage) -> Update:
    def update(state: SwiresState, beams: list[Beam]) -> dict[str, Any]:
        if stage != _REASONING:
            return {"beams": state["pool"] or beams, "kept": {stage.name: beams}}
        pool = sorted([*state["pool"], *beams], key=_worth, reverse=True)
        pool = pool[: state["settings"]["reasonings_kept"]]
        return {"beams": pool, "pool": pool}

    return update


@dataclass(frozen=True)
class _Retracing:
    """Decides whether the reasonings so far are good enough.

    Attributes:
        judge: What scored them.
    """

    judge: ScoringJudge

    def retrace(self, state: SwiresState) -> Command[Any]:
        """Go back while the second-best reasoning scores too low and rounds are left."""
        settings = SwiresContext.model_validate(state["settings"])
        pool = state["pool"]
        if state["round"] >= settings.retraces or is_finished(state["beams"][0]):
            return Command(goto=_CONCLUDING[0].name)
        if len(pool) > 1 and _worth(pool[1]) > (True, self._cutoff(settings)):
            return Command(goto=_CONCLUDING[0].name)
        return Command(goto=settings.retrace_to, update={"round": state["round"] + 1})

    def _cutoff(self, settings: SwiresContext) -> float:
        if settings.cutoff is not None:
            return settings.cutoff
        # The judge is asked late: it may have to look at its model's checkpoint.
        own = self.judge.default_cutoff
        return _PUBLISHED_CUTOFF if own is None else own


def _plan_after_rounds(stage: Stage) -> Planner:
    def plan(state: SwiresState, settings: SwiresContext) -> StepPlan:
        beams = state["beams"]
        num_kept = 1 if stage == STAGES[-1] else len(beams)
        return StepPlan(stage.name, StagePart(stage), beams, num_candidates=1, num_kept=num_kept)

    return plan


def _worth(beam: Beam) -> tuple[bool, float]:
    """Order beams: those without a gap first, then by score."""
    return not beam["incomplete"], float("-inf") if beam["score"] is None else beam["score"]
