"""Results to show: of searches that ran with a scripted model, and records written down."""

from collections.abc import Sequence
from typing import Any

from langchain_llava_o1 import (
    SearchResult,
    create_best_of_n,
    create_sentence_beam,
    create_stage_beam,
    create_swires,
    image_block,
)
from langchain_llava_o1.judges.reward import RewardJudge
from langchain_llava_o1.search.builder import SearchGraph
from langchain_llava_o1.search.records import CandidateRecord, MatchRecord, StageRecord
from langchain_llava_o1.search.selection.tournament import Match, standing
from langchain_llava_o1.tiny import demo_picture_path
from tests.scripted_model import ScriptedModel
from tests.search.writers import write_staged


def search(graph: SearchGraph, **context: Any) -> SearchResult:
    """Ask about the shipped picture."""
    image = image_block(demo_picture_path())["base64"]
    state = graph.compile().invoke({"question": "How many?", "image": image}, context={"seed": 3, **context})
    return SearchResult.from_state(state, model_name="scripted")


def knocked_out(**context: Any) -> SearchResult:
    """A stage beam whose judge compares."""
    return search(create_stage_beam(ScriptedModel()), **context)


def cut_short() -> SearchResult:
    """A stage beam that a limit ends, so that the rest is written in one call."""
    graph = create_stage_beam(ScriptedModel(write=write_staged), judge=lambda pair: 1)
    return search(graph, candidates=4, max_calls=9)


def scored(**context: Any) -> SearchResult:
    """A stage beam whose judge scores: the longer, the worse."""
    judge = RewardJudge(lambda messages: -float(len(str(messages[-1].text))))
    return search(create_stage_beam(ScriptedModel(), judge=judge), **context)


def retraced() -> SearchResult:
    """Stage-wise retracing that goes back twice."""
    judge = RewardJudge(lambda messages: -1.0)
    return search(create_swires(ScriptedModel(), judge=judge), candidates=4, retraces=2)


def sentence_by_sentence() -> SearchResult:
    """A sentence beam."""
    return search(create_sentence_beam(ScriptedModel(write=write_staged), judge=lambda pair: 1), candidates=3)


def whole_answers(num_candidates: int) -> SearchResult:
    """A best-of-N search."""
    graph = create_best_of_n(ScriptedModel(write=write_staged), judge=lambda pair: 2)
    return search(graph, candidates=num_candidates)


def candidate(index: int, text: str = "<CAPTION>a star</CAPTION>", **changes: Any) -> CandidateRecord:
    """A candidate of a caption."""
    return CandidateRecord(
        index=index,
        beam=0,
        text=text,
        tokens=5,
        seed=index,
        finish_reason="stop",
        is_complete=True,
        mean_logprob=-0.25,
    ) | CandidateRecord(**changes)  # type: ignore[typeddict-item]


def match(round_number: int, first: int, second: int, winner: int, **changes: Any) -> MatchRecord:
    """A match that the judge decided."""
    return MatchRecord(
        round=round_number,
        first=first,
        second=second,
        winner=winner,
        reason=f"candidate {winner} is better",
        verdicts=["… Better: 1"],
        is_read=True,
        decided_by="judge",
    ) | MatchRecord(**changes)  # type: ignore[typeddict-item]


def play(num_entrants: int, *, num_kept: int = 1, seed: int = 7) -> list[MatchRecord]:
    """All matches of a knock-out in which the smaller index wins."""
    winners: dict[Match, int] = {}
    while drawn := standing(num_entrants, seed, winners, num_kept=num_kept).next_round:
        winners |= {pair: min(pair.first, pair.second) for pair in drawn.matches}
    return [match(pair.round, pair.first, pair.second, winner) for pair, winner in winners.items()]


def step(
    candidates: Sequence[CandidateRecord], matches: Sequence[MatchRecord] = (), **changes: Any
) -> StageRecord:
    """A caption's step that candidate 0 won."""
    return StageRecord(
        part="caption",
        candidates=list(candidates),
        matches=list(matches),
        scores=None,
        winner=0,
        kept=[0],
        is_complete=True,
        num_calls=len(candidates) + len(matches),
        usage=None,
    ) | StageRecord(**changes)  # type: ignore[typeddict-item]


def result_of(stages: dict[str, StageRecord], **changes: Any) -> SearchResult:
    """A result with given steps."""
    fields: dict[str, Any] = {
        "question": "How many?",
        "answer": "6",
        "reasoning": "<SUMMARY>count</SUMMARY>\n\n<CAPTION>a star</CAPTION>",
        "stages": stages,
        "settings": {"candidates": 4, "seed": 3, "early_stop": False},
        "usage": None,
        "num_calls": 7,
        "seconds": 1.25,
        "finish_reason": "stop",
    }
    return SearchResult(**fields | changes)
