"""SWIRES, stage-wise retracing search: while the reasonings score badly, go back and draw again.

Source: the code published with LLaVA-CoT (arXiv 2411.10440). Captions and reasonings are beams that a judge
scores. The best reasonings of all rounds are kept; once the second-best of them scores above a cutoff, or
the rounds are used up, a conclusion is drawn from each, and the best one is the answer.
"""

from typing import Any, Literal, cast

from langgraph.graph import END
from langgraph.types import Command

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.confidence import ConfidenceJudge
from langchain_llava_o1.judges.function import JudgeLike
from langchain_llava_o1.judges.generative import ChatModel
from langchain_llava_o1.judges.judge import ScoringJudge
from langchain_llava_o1.search.answer import is_finished
from langchain_llava_o1.search.context import SwiresContext
from langchain_llava_o1.search.frame import (
    ContestPlan,
    SearchGraph,
    SearchState,
    contest_node,
    give_answer,
    read_means,
    start_search,
)
from langchain_llava_o1.search.records import EMPTY_BEAM, Beam
from langchain_llava_o1.search.sampling import Continuation
from langchain_llava_o1.staging.stages import STAGES, stage_part

_SUMMARY, _CAPTION, _REASONING, _CONCLUSION = map(stage_part, STAGES)


class SwiresState(SearchState):
    """State of the search: also what a round goes on from, and the best reasonings so far, in ``pool``."""

    summaries: list[Beam]
    captions: list[Beam]
    pool: list[Beam]
    round: int


def create_swires(
    model: ChatModel, *, judge: JudgeLike | None = None, continuation: Continuation | None = None
) -> SearchGraph:
    """Build the graph of a stage-wise retracing search, uncompiled.

    Args:
        model: Any LangChain chat model.
        judge: A judge that scores, such as ``RewardJudge``; by default ``ConfidenceJudge``. The cutoff
            belongs to the judge: ``llava-o1 bench cutoff`` finds one.
        continuation: As for ``create_stage_beam``.

    Raises:
        ConfigurationError: If the judge does not score, or there is no such continuation.
    """
    judge = ConfidenceJudge() if judge is None else judge
    if not isinstance(judge, ScoringJudge):
        raise ConfigurationError(
            f"SWIRES compares scores with a cutoff; {type(judge).__name__} gives none. "
            "Use ConfidenceJudge() or RewardJudge(…)."
        )
    means = read_means(model, judge, continuation)
    graph = start_search(means, SwiresState, SwiresContext, summaries=[], captions=[], pool=[], round=0)
    graph.add_node("summary", contest_node("summary", means, SwiresContext, _plan_summary, _keep_summary))
    graph.add_node("caption", contest_node("caption", means, SwiresContext, _plan_captions, _keep_captions))
    graph.add_node(
        "reasoning", contest_node("reasoning", means, SwiresContext, _plan_reasonings, _keep_reasonings)
    )
    retracing = {stage.name: "draw again" for stage in STAGES[:-1]}
    graph.add_node(
        "retrace", retrace, destinations={**retracing, "conclusion": "good enough, or the last round"}
    )
    graph.add_node("conclusion", contest_node("conclusion", means, SwiresContext, _plan_conclusions))
    graph.add_node("answer", give_answer)
    graph.add_edge("ask", "summary")
    graph.add_edge("summary", "caption")
    graph.add_edge("caption", "reasoning")
    graph.add_edge("reasoning", "retrace")
    graph.add_edge("conclusion", "answer")
    graph.add_edge("answer", END)
    return graph


def _plan_summary(state: SwiresState, settings: SwiresContext) -> ContestPlan:
    return ContestPlan(_name("summary", state), _SUMMARY, [EMPTY_BEAM], num_candidates=1)


def _keep_summary(state: SwiresState, beams: list[Beam]) -> dict[str, object]:
    return {"beams": state["pool"] or beams, "summaries": beams}


def _plan_captions(state: SwiresState, settings: SwiresContext) -> ContestPlan:
    return ContestPlan(
        _name("caption", state), _CAPTION, state["summaries"], settings.candidates, settings.captions_kept
    )


def _keep_captions(state: SwiresState, beams: list[Beam]) -> dict[str, object]:
    return {"beams": state["pool"] or beams, "captions": beams}


def _plan_reasonings(state: SwiresState, settings: SwiresContext) -> ContestPlan:
    captions = state["captions"]
    num_drawn = settings.reasonings * len(captions)
    return ContestPlan(
        _name("reasoning", state), _REASONING, captions, settings.reasonings, num_drawn, needs_scores=True
    )


def _keep_reasonings(state: SwiresState, beams: list[Beam]) -> dict[str, object]:
    pool = sorted([*state["pool"], *beams], key=_worth, reverse=True)
    pool = pool[: state["settings"]["reasonings_kept"]]
    return {"beams": pool, "pool": pool}


def retrace(state: SwiresState) -> Command[Literal["summary", "caption", "reasoning", "conclusion"]]:
    """Go back while the second-best reasoning scores too low and rounds are left."""
    settings = SwiresContext.model_validate(state["settings"])
    pool = state["pool"]
    is_good = len(pool) > 1 and _worth(pool[1]) > (True, settings.cutoff)
    if is_good or state["round"] >= settings.retraces or is_finished(state["beams"][0]):
        return Command(goto="conclusion")
    return Command(goto=cast("Any", settings.retrace_to), update={"round": state["round"] + 1})


def _plan_conclusions(state: SwiresState, settings: SwiresContext) -> ContestPlan:
    return ContestPlan("conclusion", _CONCLUSION, state["pool"], num_candidates=1)


def _name(stage: str, state: SwiresState) -> str:
    """Name a contest by its stage and, from the second round on, by the round."""
    return f"{stage} {state['round'] + 1}" if state["round"] else stage


def _worth(beam: Beam) -> tuple[bool, float]:
    """Order beams: those without a gap first, then by score."""
    return not beam["incomplete"], float("-inf") if beam["score"] is None else beam["score"]
