"""Text that is told as it is written."""

from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk

from langchain_llava_o1 import create_single_pass, create_stage_beam
from langchain_llava_o1.search.events import SearchEvent
from langchain_llava_o1.search.written_text import TextReporter
from langchain_llava_o1.staging.parts.answer import WHOLE_ANSWER
from langchain_llava_o1.staging.parts.part import Part
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.stages import STAGES
from tests.scripted_model import ScriptedModel
from tests.search.writers import write_staged

CAPTION = StagePart(STAGES[1])
CONCLUSION = StagePart(STAGES[3])
SUMMARY_TEXT = "<SUMMARY>count</SUMMARY>"


def reasoned(text: str) -> AIMessageChunk:
    return AIMessageChunk("", additional_kwargs={"reasoning_content": text})


def content(*texts: str) -> list[AIMessageChunk]:
    return [AIMessageChunk(text) for text in texts]


def told(part: Part, chunks: list[AIMessageChunk], accepted: str = "") -> list[tuple[str, str]]:
    events: list[SearchEvent] = []
    reporter = TextReporter(part, accepted, events.append)
    for chunk in chunks:
        reporter.take(chunk)
    reporter.finish()
    return [(event["stage"], event["text"]) for event in events if event["type"] == "text"]


@pytest.mark.parametrize(
    ("part", "accepted", "chunks", "expected"),
    [
        (
            WHOLE_ANSWER,
            "",
            [reasoned("<SUMMARY>co"), reasoned("unt</SUMM"), reasoned("ARY>"), *content("There are ", "2 <")],
            [
                ("summary", "co"),
                ("summary", "unt"),
                ("conclusion", "There are "),
                ("conclusion", "2 "),
                ("conclusion", "<"),
            ],
        ),
        (
            WHOLE_ANSWER,
            "",
            content("Sure! ", "<SUMMARY>count</SUMMARY>\n", "<CONCLUSION>2", ".</CONCLUSION>\n"),
            [("summary", "count"), ("conclusion", "2"), ("conclusion", ".")],
        ),
        # The reasoning once more as content, for there is no conclusion.
        (WHOLE_ANSWER, "", [reasoned("<SUMMARY>count"), *content("<SUMMARY>count")], [("summary", "count")]),
        (
            CAPTION,
            SUMMARY_TEXT,
            content("<CAPTION>two", " circles"),
            [("caption", "two"), ("caption", " circles")],
        ),
        (CAPTION, SUMMARY_TEXT, content("two", " circles"), [("caption", "two"), ("caption", " circles")]),
        (CAPTION, "<CAPTION>two", content(" circles</CAPTION>", "<REASONING>1"), [("caption", " circles")]),
        (CONCLUSION, SUMMARY_TEXT, content("2", "."), [("conclusion", "2"), ("conclusion", ".")]),
    ],
    ids=["reasoning", "tags", "repeated", "stage", "untagged stage", "goes on", "conclusion"],
)
def test_text_belongs_to_the_stage_that_is_written(
    part: Part, accepted: str, chunks: list[AIMessageChunk], expected: list[tuple[str, str]]
) -> None:
    assert told(part, chunks, accepted) == expected


async def texts(graph: Any, *, wants_text: bool, **context: Any) -> tuple[str, Any]:
    """Run a search both ways; return what was told and the state."""
    config = {"configurable": {"stream_text": wants_text}}
    asked = {"question": "How many?"}
    settings = {"seed": 1, "needs_picture": False, **context}
    compiled = graph.compile()
    pieces: list[str] = []
    state: Any = None
    async for mode, data in compiled.astream(
        asked,
        config,
        context=settings,
        stream_mode=["custom", "values"],
    ):
        if mode == "values":
            state = data
        elif data["type"] == "text" and data["stage"] == "conclusion":
            pieces.append(data["text"])
    in_a_thread = [
        event["text"]
        for event in compiled.stream(asked, config, context=settings, stream_mode="custom")
        if event["type"] == "text" and event["stage"] == "conclusion"
    ]
    assert in_a_thread == pieces
    return "".join(pieces), state


async def test_a_single_candidate_is_told_as_it_is_written_and_recorded_as_ever() -> None:
    graph = create_single_pass(ScriptedModel(write=write_staged))
    written, state = await texts(graph, wants_text=True)
    assert written == state["messages"][-1].text != ""
    silent, same = await texts(graph, wants_text=False)
    assert silent == ""
    assert same["stages"] == state["stages"]


async def test_only_steps_of_a_single_candidate_are_told() -> None:
    graph = create_stage_beam(ScriptedModel())
    assert (await texts(graph, wants_text=True, candidates=2))[0] == ""
    stages = {"candidates": 2, "candidates_per_stage": {"conclusion": 1}}
    written, state = await texts(graph, wants_text=True, **stages)
    assert written.strip() == state["messages"][-1].text != ""
