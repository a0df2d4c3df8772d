"""Stages are found in what teachers write, whatever they do with the tags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.data.annotation.tagged_reply import read_annotation
from langchain_llava_o1.staging.parts.reply import Reply
from langchain_llava_o1.staging.stages import STAGES
from tests.data.sets import STAGED, staged

WHOLE = staged()


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        WHOLE.lower()
        .replace("i count.", "I count.")
        .replace("some", "Some")
        .replace("dot by", "Dot by")
        .replace("seven", "Seven"),
        WHOLE.removesuffix("</CONCLUSION>"),
        WHOLE.replace("</CAPTION>", "").replace("</REASONING>", ""),
        f"Sure! Here is the answer:\n\n{WHOLE}\n\nLet me know if you need more.",
        f"```xml\n{WHOLE}\n```",
        f"```\n{WHOLE.removesuffix('</CONCLUSION>')}\n```",
        WHOLE.replace("<", "< ").replace(">", " >"),
        WHOLE.replace("<", "&lt;").replace(">", "&gt;"),
        "\n".join(f"**{stage.opening}**\n{STAGED[stage.name]}\n**{stage.closing}**" for stage in STAGES),
        "<think>First <SUMMARY>hm</SUMMARY> or so.</think>\n" + WHOLE,
        "I write <SUMMARY>…</SUMMARY><CAPTION>…</CAPTION><REASONING>…</REASONING><CONCLUSION>…</CONCLUSION>."
        f"\n\n{WHOLE}",
        WHOLE.replace("<SUMMARY>", "(Here begins the SUMMARY stage)").replace(
            "</SUMMARY>", "(Here ends the SUMMARY stage)"
        ),
    ],
)
def test_stages_are_found(text: str) -> None:
    annotation = read_annotation(Reply(text, finish_reason="stop"))
    assert annotation.text == WHOLE
    assert annotation.conclusion == "Seven"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the reply has no stages"),
        ("The answer is seven.", "the reply has no stages"),
        (WHOLE.replace("CAPTION", "NOTE"), "the reply has no caption"),
        (staged(reasoning=" "), "the reply has no reasoning"),
        (
            "<CONCLUSION>7</CONCLUSION><SUMMARY>a</SUMMARY><CAPTION>b</CAPTION><REASONING>c</REASONING>",
            "the stages are out of order: conclusion, summary, caption, reasoning",
        ),
    ],
)
def test_what_is_lacking_is_told(text: str, problem: str) -> None:
    annotation = read_annotation(Reply(text, finish_reason="stop"))
    assert annotation.text is None
    assert annotation.problem == problem


def test_of_two_conclusions_none_counts() -> None:
    annotation = read_annotation(Reply(f"{WHOLE}\n\nOr rather:\n\n<CONCLUSION>Eight</CONCLUSION>"))
    assert (annotation.text, annotation.problem) == (None, "the conclusion is written twice")
    revised = f"{WHOLE}\n\n<REASONING>One more.</REASONING>\n\n<CONCLUSION>Eight</CONCLUSION>"
    assert read_annotation(Reply(revised)).problem == "the conclusion is written twice"


@pytest.mark.parametrize(
    "text",
    [
        f"{WHOLE}\n\n<CONCLUSION>Seven </CONCLUSION>",
        f"{WHOLE}\n\n<CONCLUSION>…</CONCLUSION>",
        f"{staged(conclusion='Eight')}\n\nOnce more, from the beginning:\n\n{WHOLE}",
    ],
)
def test_a_conclusion_that_leaves_no_doubt_counts(text: str) -> None:
    assert read_annotation(Reply(text)).text == WHOLE


def test_a_reply_that_was_cut_off_counts_as_none() -> None:
    assert "cut off" in read_annotation(Reply(WHOLE, finish_reason="length")).problem


def test_html_in_a_stage_is_no_stage() -> None:
    text = staged(caption="A page with <summary>more</summary> on it.")
    assert read_annotation(Reply(text)).text == text


def test_stages_that_the_model_keeps_apart_as_reasoning_are_found() -> None:
    reasoning, conclusion = WHOLE.split("\n\n<CONCLUSION>")
    reply = Reply(f"<CONCLUSION>{conclusion}", reasoning=reasoning, finish_reason="stop")
    assert read_annotation(reply).text == WHOLE


BODIES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="<>&(`*_#:…"), min_size=1
).filter(lambda text: bool(text.strip(" \t\n.-").strip()))


@given(st.lists(BODIES, min_size=4, max_size=4), st.booleans(), st.booleans(), st.booleans())
def test_any_bodies_come_back(bodies: list[str], is_lower: bool, is_fenced: bool, is_open: bool) -> None:
    expected = "\n\n".join(stage.wrap(body) for stage, body in zip(STAGES, bodies, strict=True))
    text = "\n".join(
        f"{stage.opening.lower() if is_lower else stage.opening}{body}"
        f"{stage.closing.lower() if is_lower else stage.closing}"
        for stage, body in zip(STAGES, bodies, strict=True)
    )
    if is_open:
        text = text[: -len(STAGES[-1].closing)]
    if is_fenced:
        text = f"```\n{text}\n```"
    assert read_annotation(Reply(text)).text == expected


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    assert read_annotation(Reply(text)).text is None
