from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage

from langchain_llava_o1.search.replies import read_reply
from langchain_llava_o1.staging.parts.answer import WHOLE_ANSWER
from langchain_llava_o1.staging.parts.part import Part, Reading
from langchain_llava_o1.staging.parts.sentence import SentencePart
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.parts.tags import read_body
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.staging.transcript import parse_transcript
from tests.scripted_model import stopped

CAPTION, CONCLUSION = StagePart(STAGES[1]), StagePart(STAGES[3])


def read(part: Part, message: AIMessage, **options: Any) -> Reading:
    return part.read(read_reply(message), **options)


@pytest.mark.parametrize(
    "reply",
    [
        stopped("<CAPTION> Two cats.\n", "</CAPTION>"),
        stopped("<CAPTION>Two cats.</CAPTION>"),
        stopped("\n\n(Here begins the CAPTION stage) Two cats. ", "(Here ends the CAPTION stage)"),
        stopped("<CAPTION>Two cats.</CAPTION>\n\n<REASONING>1 + 1 = 2</REASONING>"),
        stopped("<CAPTION>Two cats.</CAPTION><CONCLUSION>2</CONCLUSION>", finish_reason="length"),
        stopped("<CAPTION>Two cats.</CAPTION> And a dog, and a dog, and", finish_reason="length"),
        stopped("<SUMMARY>Count.</SUMMARY>\n\n<CAPTION>Two cats.", "</CAPTION>"),
        stopped("<CAPTION><CAPTION>Two cats.", "</CAPTION>"),
        stopped("Here you are: <CAPTION>Two cats.", "</CAPTION>"),
        AIMessage("<CAPTION>Two cats."),
        AIMessage("<CAPTION>Two cats.", response_metadata={"finish_reason": "STOP"}),
        AIMessage(
            "<CAPTION>Two cats.",
            response_metadata={"stop_reason": "stop_sequence", "stop_sequence": "</CAPTION>"},
        ),
        AIMessage([{"type": "text", "text": "<CAPTION>Two cats."}]),
        AIMessage(
            [
                {"type": "reasoning", "reasoning": "I look at the picture."},
                {"type": "text", "text": "<CAPTION>Two cats.</CAPTION>"},
            ]
        ),
        AIMessage(
            "2",
            additional_kwargs={"reasoning_content": "<SUMMARY>s</SUMMARY>\n\n<CAPTION>Two cats.</CAPTION>"},
        ),
        AIMessage(
            "<CAPTION>Two cats.</CAPTION>",
            additional_kwargs={"reasoning_content": "The <CAPTION> must name <CAPTION>every</CAPTION> cat."},
        ),
    ],
)
def test_a_complete_candidate_however_it_is_written(reply: AIMessage) -> None:
    candidate = read(CAPTION, reply)
    assert candidate.is_complete
    assert candidate.text == "<CAPTION>Two cats.</CAPTION>"


@pytest.mark.parametrize(
    ("reply", "text", "body"),
    [
        # cut off
        (stopped("<CAPTION>Two ca", finish_reason="length"), "<CAPTION>Two ca", "Two ca"),
        (
            AIMessage("<CAPTION>Two ca", response_metadata={"stop_reason": "max_tokens"}),
            "<CAPTION>Two ca",
            "Two ca",
        ),
        # the model ended the answer before it closed the stage
        (stopped("<CAPTION>Two cats.", None, "untagged"), "<CAPTION>Two cats.", "Two cats."),
        (
            AIMessage("<CAPTION>Two", response_metadata={"stop_reason": "end_turn", "stop_sequence": None}),
            "<CAPTION>Two",
            "Two",
        ),
        # another stage opened inside it
        (
            stopped("<CAPTION>Two cats. <REASONING>1 + 1", None, "untagged"),
            "<CAPTION>Two cats.",
            "Two cats.",
        ),
        # the wrong stage
        (
            stopped("<REASONING>1 + 1</REASONING><CONCLUSION>2</CONCLUSION>"),
            "<REASONING>1 + 1</REASONING><CONCLUSION>2</CONCLUSION>",
            "1 + 1",
        ),
        (stopped("Well. <REASONING>1 + 1</REASONING>"), "Well. <REASONING>1 + 1</REASONING>", "Well."),
        # no tags
        (AIMessage("Two cats.", response_metadata={"finish_reason": "stop"}), "Two cats.", "Two cats."),
        (stopped("Two cats.", "</CAPTION>"), "Two cats.", "Two cats."),
        # nothing said
        (stopped("<CAPTION> ", "</CAPTION>"), "<CAPTION>", ""),
        (stopped(""), "", ""),
    ],
)
def test_an_incomplete_candidate_keeps_what_there_is(reply: AIMessage, text: str, body: str) -> None:
    candidate = read(CAPTION, reply)
    assert not candidate.is_complete
    assert candidate.text == text
    assert read_body(STAGES[1], candidate.text) == body


@pytest.mark.parametrize("earlier", [{}, {"reasoning_content": "<REASONING>1 + 1</REASONING>"}])
def test_a_visible_stage_may_come_without_its_tags(earlier: dict[str, Any]) -> None:
    reply = stopped("Two.", "</CONCLUSION>")
    reply.additional_kwargs = earlier
    candidate = read(CONCLUSION, reply)
    assert candidate.is_complete
    assert candidate.text == "<CONCLUSION>Two.</CONCLUSION>"


@pytest.mark.parametrize(
    "reply", [stopped("Two.", None), stopped("Two.", finish_reason="length"), AIMessage("Two.")]
)
def test_a_visible_stage_without_its_tags_must_have_met_its_own_stop_string(reply: AIMessage) -> None:
    assert not read(CONCLUSION, reply).is_complete


@pytest.mark.parametrize(
    ("reply", "text", "is_complete"),
    [
        (stopped("Two cats.", None, "sentence"), "Two cats.", True),
        (stopped("<CAPTION>Two cats.", "</CAPTION>"), "Two cats.</CAPTION>", True),
        (stopped("", "</CAPTION>"), "</CAPTION>", True),
        (stopped("Two cats.</CAPTION> More."), "Two cats.</CAPTION>", True),
        (AIMessage("Two cats."), "Two cats.</CAPTION>", True),
        (stopped("Two ca", finish_reason="length"), "Two ca", False),
        # The model ended its answer: it would say nothing more if it was asked again.
        (stopped("Two cats.", None, "untagged"), "Two cats.</CAPTION>", True),
        (stopped("", None, "untagged"), "</CAPTION>", False),
    ],
)
def test_a_sentence_ends_its_stage_or_goes_on(reply: AIMessage, text: str, is_complete: bool) -> None:
    candidate = read(SentencePart(STAGES[1], 256), reply)
    assert (candidate.text, candidate.is_complete) == (text, is_complete)


@pytest.mark.parametrize(
    ("words", "text"),
    [("Two cats.", "Two cats."), ("Two cats.</CAPTION>", "Two cats.</CAPTION>"), ("", "</CAPTION>")],
)
def test_told_to_write_a_sentence_a_model_ends_its_stage_by_the_tag(words: str, text: str) -> None:
    candidate = read(SentencePart(STAGES[1], 256), stopped(words), may_be_untagged=True)
    assert candidate.text == text


HIDDEN = "".join(stage.wrap(stage.name) for stage in STAGES[:-1])


@pytest.mark.parametrize(
    ("reply", "is_complete"),
    [
        (stopped(f"{HIDDEN}<CONCLUSION>Two.</CONCLUSION>"), True),
        (stopped(f"{HIDDEN}<CONCLUSION>Two.", "</CONCLUSION>"), True),
        (AIMessage("Two.", additional_kwargs={"reasoning_content": HIDDEN}), True),
        (stopped(f"{HIDDEN}<CONCLUSION>Tw", finish_reason="length"), False),
        (stopped("Two."), False),
        (stopped("<CONCLUSION>Two.</CONCLUSION>"), False),
    ],
)
def test_a_whole_answer_is_complete_with_all_its_stages(reply: AIMessage, is_complete: bool) -> None:
    candidate = read(WHOLE_ANSWER, reply)
    assert candidate.is_complete == is_complete
    if is_complete:
        assert parse_transcript(candidate.text).conclusion == "Two."
        assert [found.body for found in parse_transcript(candidate.text).stages[:-1]] == [
            stage.name for stage in STAGES[:-1]
        ]


def test_the_finish_reason_is_the_models_own() -> None:
    assert read_reply(stopped("<CAPTION>Two", finish_reason="length")).finish_reason == "length"
    assert read_reply(AIMessage("<CAPTION>Two")).finish_reason == "unknown"


@given(st.text(), st.sampled_from(STAGES))
def test_a_body_never_holds_a_tag(words: str, stage: Any) -> None:
    text = f"{words}<CAPTION>{words}(Here begins the REASONING stage){words}</SUMMARY>"
    body = read_body(stage, text)
    assert not any(tag in body for other in STAGES for tag in (other.opening, *other.stop))
