from itertools import pairwise
from typing import Any

import pytest

from langchain_llava_o1 import create_best_of_n, create_single_pass, create_stage_beam
from langchain_llava_o1.search.events import STREAM_TEXT
from tests.scripted_model import ScriptedModel
from tests.search.questions import NAMES, ask, compiled
from tests.search.writers import write_staged


async def test_candidates_and_verdicts_stay_out_of_the_message_stream() -> None:
    graph = compiled(ScriptedModel())
    options = {"seed": 1}
    answer = graph.invoke(ask(), context=options)["messages"][-1].content
    alone: list[Any] = list(graph.stream(ask(), stream_mode="messages", context=options))
    nested: list[Any] = list(graph.stream(ask(), stream_mode="messages", context=options, subgraphs=True))
    awaited: list[Any] = [
        event async for event in graph.astream(ask(), stream_mode="messages", context=options)
    ]
    # Each hidden stage as it is accepted, then the conclusion in words: chunks of the one answer.
    nodes = [metadata["langgraph_node"] for _, metadata in alone]
    assert nodes == [*NAMES, *NAMES[-1:]]
    for shown in ([m for m, _ in alone], [m for _, (m, _) in nested], [m for m, _ in awaited]):
        whole = sum(shown[1:], shown[0])
        assert [block["type"] for block in whole.content_blocks] == ["reasoning"] * 3 + ["text"]
        assert whole.text == answer


async def test_the_answer_has_the_id_of_its_chunks_and_nothing_unsettled_is_shown() -> None:
    model = ScriptedModel(write=write_staged)
    for graph in (create_stage_beam(model), create_best_of_n(model)):
        parts: list[Any] = [
            part
            async for part in graph.compile().astream(
                ask(), context={"seed": 1, "candidates": 2}, stream_mode=["messages", "values"]
            )
        ]
        chunks = [data[0] for mode, data in parts if mode == "messages"]
        answer = parts[-1][1]["messages"][-1]
        assert {chunk.id for chunk in chunks} == {answer.id}
        assert sum(chunks[1:], chunks[0]).text == answer.text
    beams: list[Any] = [
        data
        async for data in create_stage_beam(model)
        .compile()
        .astream(ask(), context={"seed": 1, "beams": 2}, stream_mode="messages")
    ]
    # With two answers under way, nothing is certain before the last stage.
    assert {metadata["langgraph_node"] for _, metadata in beams} == {"conclusion"}


async def test_a_single_candidate_is_shown_as_it_is_written() -> None:
    model = ScriptedModel(write=write_staged)
    graph = create_single_pass(model).compile().with_config(configurable={STREAM_TEXT: True})
    parts: list[Any] = [part async for part in graph.astream(ask(), stream_mode=["messages", "values"])]
    chunks = [data[0] for mode, data in parts if mode == "messages"]
    answer = parts[-1][1]["messages"][-1]
    assert len(chunks) > 8
    whole = sum(chunks[1:], chunks[0])
    assert whole.text == answer.text
    assert [block["type"] for block in whole.content_blocks] == ["reasoning"] * 3 + ["text"]


async def test_progress_is_in_the_custom_stream() -> None:
    graph = compiled(ScriptedModel())
    events = list(graph.stream(ask(), stream_mode="custom", context={"seed": 1, "candidates": 3}))
    awaited = [
        e async for e in graph.astream(ask(), stream_mode="custom", context={"seed": 1, "candidates": 3})
    ]
    assert sorted(map(str, awaited)) == sorted(map(str, events))
    assert [event["stage"] for event in events] == [name for name in NAMES for _ in range(9)]
    summary = events[:9]
    assert [event["type"] for event in summary] == [
        "stage_started",
        *["candidate"] * 3,
        *["round", "match"] * 2,
        "winner",
    ]
    result = graph.invoke(ask(), context={"seed": 1, "candidates": 3})["stages"]["summary"]
    assert summary[0]["num_candidates"] == 3
    for event in summary[1:4]:
        record = result["candidates"][event["index"]]
        assert (event["tokens"], event["finish_reason"]) == (record["tokens"], record["finish_reason"])
    assert [(event["round"], event["num_matches"]) for event in summary[4::2][:2]] == [(1, 1), (2, 1)]
    for event, record in zip(summary[5::2], result["matches"], strict=True):
        assert event.items() - {("type", "match"), ("stage", "summary")} <= record.items()
    assert summary[-1]["index"] == result["winner"]
    assert summary[-1]["text"] == result["candidates"][result["winner"]]["text"]


def test_updates_of_a_stage_show_its_candidates() -> None:
    graph = compiled(ScriptedModel())
    events: list[Any] = list(graph.stream(ask(), stream_mode="updates", subgraphs=True))
    updates = [update for namespace, update in events if namespace and namespace[0].startswith("caption:")]
    sampled = [update["sample"] for update in updates if "sample" in update]
    assert sorted(update["candidates"][0]["index"] for update in sampled) == [0, 1, 2, 3]


@pytest.mark.parametrize("stage", NAMES)
def test_the_drawing_shows_every_node_and_edge(stage: str) -> None:
    drawing = compiled(ScriptedModel()).get_graph(xray=True)
    inner = {
        (edge.source.removeprefix(f"{stage}:"), edge.target.removeprefix(f"{stage}:"), edge.conditional)
        for edge in drawing.edges
        if edge.source.startswith(f"{stage}:") and edge.target.startswith(f"{stage}:")
    }
    assert inner == {
        ("plan", "sample", True),
        ("sample", "bracket", False),
        ("bracket", "match", True),
        ("bracket", "sample", True),
        ("match", "bracket", False),
        ("bracket", "select", True),
    }


def test_the_drawing_goes_from_stage_to_stage() -> None:
    graph = compiled(ScriptedModel())
    edges = {(edge.source, edge.target) for edge in graph.get_graph(xray=True).edges}
    assert {(f"{before}:select", f"{after}:plan") for before, after in pairwise(NAMES)} <= edges
    assert {("ask", "summary:plan"), ("conclusion:select", "answer")} <= edges
    assert [name for name, _ in graph.get_subgraphs()] == NAMES
