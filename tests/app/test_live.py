"""A search as it is drawn while it runs."""

from typing import Any

import pytest

from langchain_llava_o1 import create_best_of_n, create_stage_beam
from langchain_llava_o1.app.live import LiveSearch
from langchain_llava_o1.judges.reward import RewardJudge
from langchain_llava_o1.report.step import ShownStep, show_step
from langchain_llava_o1.search.builder import SearchGraph
from tests.report.searched import candidate, match
from tests.scripted_model import ScriptedModel
from tests.search.writers import write_staged


async def followed(graph: SearchGraph, **context: Any) -> tuple[LiveSearch, list[ShownStep]]:
    """Follow a search; return it with every drawing of its first step."""
    live = LiveSearch()
    drawings = []
    async for namespace, mode, data in graph.compile().astream(
        {"question": "How many?"},
        context={"seed": 3, "candidates": 4, "needs_picture": False, **context},
        stream_mode=["custom", "updates", "values"],
        subgraphs=True,
    ):
        live.take(namespace, mode, data)
        if live.steps and len(live.over) <= 1 and live.steps[0] not in drawings[-1:]:
            drawings.append(live.steps[0])
    return live, drawings


async def test_candidates_and_matches_appear_one_after_another() -> None:
    _, drawings = await followed(create_stage_beam(ScriptedModel()))
    counts = [(len(drawn.candidates), len(drawn.matches)) for drawn in drawings]
    assert counts == sorted(counts)
    assert {(1, 0), (4, 1), (4, 2), (4, 3)} <= set(counts)
    assert drawings[0].num_wanted == 4
    assert [drawn.is_over for drawn in drawings][-2:] == [False, True]


async def test_in_the_end_it_shows_what_the_records_hold() -> None:
    live, _ = await followed(create_stage_beam(ScriptedModel()))
    stages = live.state["stages"]
    assert live.steps == [
        show_step(name, record, settings=live.state["settings"], limit=None)
        for name, record in stages.items()
    ]
    assert live.current is None


async def test_scores_appear_before_the_choice() -> None:
    judge = RewardJudge(lambda messages: float(len(str(messages[-1].text))))
    _, drawings = await followed(create_stage_beam(ScriptedModel(), judge=judge))
    assert any(drawn.bars and not drawn.is_over for drawn in drawings)


async def test_a_limit_is_known_with_the_step_that_it_ended() -> None:
    graph = create_best_of_n(ScriptedModel(write=write_staged), judge=lambda pair: 1)
    live, _ = await followed(graph, max_calls=4)
    assert live.limit == "max_calls"
    assert "max_calls" in live.over[0].note


async def test_several_beams_and_an_earlier_turn_do_no_harm() -> None:
    live = LiveSearch()
    graph = create_stage_beam(ScriptedModel()).compile()
    state = await graph.ainvoke({"question": "How many?"}, context={"needs_picture": False})
    async for part in graph.astream(
        {**state, "question": "And now?"},
        context={"beams": 2, "candidates": 2, "needs_picture": False},
        stream_mode=["custom", "updates", "values"],
        subgraphs=True,
    ):
        live.take(*part)
    assert [step.name for step in live.over] == ["summary", "caption", "reasoning", "conclusion"]
    assert live.settings["beams"] == 2


@pytest.mark.parametrize(
    ("updates", "status", "num_open"),
    [
        ([], "caption: 0 of 4 candidates drawn", None),
        ([{"candidates": [candidate(1)]}], "caption: 1 of 4 candidates drawn", None),
        ([{"candidates": [candidate(index) for index in range(4)]}], "caption: judging", None),
        (
            [{"candidates": [candidate(index) for index in range(4)]}, 2],
            "caption: round 1: 0 of 2 matches decided",
            4,
        ),
        (
            [{"candidates": [candidate(index) for index in range(4)]}, 2, {"matches": [match(1, 0, 3, 3)]}],
            "caption: round 1: 1 of 2 matches decided",
            2,
        ),
        (
            [{"candidates": [candidate(0), candidate(1)]}, 1, {"matches": [match(1, 0, 1, 1)]}],
            "caption: choosing",
            0,
        ),
    ],
)
def test_the_status_says_what_happens_now(updates: list[Any], status: str, num_open: int | None) -> None:
    live = LiveSearch()
    assert live.status == "starting"
    live.take((), "custom", {"type": "stage_started", "stage": "caption", "num_candidates": 4})
    for update in updates:
        if isinstance(update, int):
            live.take((), "custom", {"type": "round", "stage": "caption", "round": 1, "num_matches": update})
        else:
            live.take(("caption:1",), "updates", {"node": update})
    assert live.status == status
    bracket = live.steps[0].bracket
    if num_open is None:
        assert bracket is None
    else:
        assert bracket is not None
        assert sum(place.match is None for place in bracket.rounds[0].places) == num_open
