"""The page of a result: what is in it, and that nothing of it is markup that a model wrote."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from langchain_llava_o1 import SearchResult, image_block
from langchain_llava_o1.report.page import render_search
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.tiny import demo_picture_path
from tests.report.parsed import HOSTILE, Page
from tests.report.searched import (
    candidate,
    cut_short,
    knocked_out,
    match,
    play,
    result_of,
    retraced,
    scored,
    sentence_by_sentence,
    step,
    whole_answers,
)


def page_of(result: SearchResult) -> Page:
    return Page(result.to_html())


@pytest.mark.parametrize(
    "make",
    [
        lambda: knocked_out(candidates=1),
        lambda: knocked_out(candidates=4),
        lambda: knocked_out(candidates=7, beams=2),
        cut_short,
        lambda: scored(candidates=5, beams=2),
        retraced,
        sentence_by_sentence,
        lambda: whole_answers(64),
    ],
)
def test_every_step_candidate_and_match_of_any_search_is_shown(make: Callable[[], SearchResult]) -> None:
    result = make()
    page = page_of(result)
    records = result.stages.values()
    assert len(page.all("article", "step")) == len(result.stages)
    assert len(page.all("li", "candidate")) == sum(len(record["candidates"]) for record in records)
    assert len(page.all("div", "match")) == sum(len(record["matches"]) for record in records)
    assert len(page.all("rect", "bar")) == sum(len(record["scores"] or []) for record in records)
    for name, record in result.stages.items():
        assert name in page.text
        assert all(found["reason"] in page.text for found in record["matches"])
    assert all(stage.opening not in page.text for stage in STAGES)
    assert result.answer in page.text


def test_a_single_pass_is_shown() -> None:
    page = page_of(result_of({"caption": step([candidate(0)])}))
    assert "One candidate was drawn" in page.text
    assert not page.all("div", "match")


def test_the_accepted_stages_are_those_of_the_answer() -> None:
    # The answer of a search with beams is not always made of each step's winner.
    result = result_of(
        {"caption": step([candidate(0)])}, reasoning="<SUMMARY>s</SUMMARY><CAPTION>k</CAPTION>"
    )
    source = result.to_html()
    stages = source[source.index('<ol class="stages') : source.index('<section aria-labelledby="steps"')]
    assert Page(stages).text == "summary s caption k conclusion 6"


def test_what_a_candidate_is_worth_is_told() -> None:
    record = step(
        [
            candidate(0, mean_logprob=-0.0123),
            candidate(1, "<CAPTION>half", tokens=1, finish_reason="length", is_complete=False),
            candidate(2, "", mean_logprob=None),
        ],
        [match(1, 0, 1, 0, decided_by="incomplete", reason="Candidate 1 was cut off or lacks its tags.")],
    )
    text = page_of(result_of({"caption": record})).text
    assert "5 tokens complete (stop) mean log-probability −0.0123" in text
    assert "Candidate 2 incomplete half 1 token incomplete (length)" in text
    assert "no text 5 tokens complete (stop) mean log-probability not told" in text


@pytest.mark.parametrize(
    ("decided_by", "expected"),
    [
        ("judge", "Decided by the judge."),
        ("identical", "Needed no verdict."),
        ("incomplete", "Needed no verdict."),
        ("unreadable", "Decided by a coin."),
        ("disagreement", "Decided by a coin."),
    ],
)
def test_how_a_match_was_decided_is_told_in_its_description(decided_by: str, expected: str) -> None:
    record = step([candidate(0), candidate(1)], [match(1, 0, 1, 0, decided_by=decided_by)])
    page = page_of(result_of({"caption": record}))
    (drawn,) = page.all("div", "match")
    (reason,) = page.all("span", "why")
    assert drawn["tabindex"] == "0"
    assert drawn["aria-label"] == "Round 1: candidate 1 beats candidate 2"
    assert drawn["aria-describedby"] == reason["id"]
    assert expected in page.text


def test_every_reason_has_an_id_of_its_own() -> None:
    record = step([candidate(index) for index in range(5)], play(5))
    page = page_of(result_of({"caption": record, "caption 2": record}))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("limit", "told"), [(None, False), ("max_calls", True), ("max_tokens_total", True), ("max_seconds", True)]
)
def test_the_budget_stands_beside_what_was_spent(limit: str | None, told: bool) -> None:
    settings = {"seed": 3, "max_calls": 8, "max_tokens_total": 2000, "max_seconds": 60.0}
    usage: Any = {"input_tokens": 1234, "output_tokens": 1500, "total_tokens": 2734}
    text = page_of(
        result_of({"caption": step([candidate(0)])}, settings=settings, usage=usage, limit=limit)
    ).text
    assert "Model calls 7 8" in text
    assert "Tokens generated 1,500 2,000" in text
    assert "Seconds 1.2 60.0" in text
    assert "1,234 tokens were read." in text
    assert ("ended the search" in text) == told
    assert (f"The search stopped at {limit}" in text) == told


def test_every_setting_is_shown() -> None:
    settings = {"candidates": 4, "early_stop": True, "group": None, "candidates_per_stage": {"caption": 8}}
    text = page_of(result_of({"caption": step([candidate(0)])}, settings=settings)).text
    assert "candidates 4 early_stop yes group – candidates_per_stage caption: 8" in text


@pytest.mark.parametrize(
    "result",
    [
        result_of({"caption": step([candidate(0)])}, question=HOSTILE),
        result_of({"caption": step([candidate(0)])}, answer=HOSTILE),
        result_of({"caption": step([candidate(0)])}, reasoning=f"<CAPTION>{HOSTILE}</CAPTION>"),
        result_of({"caption": step([candidate(0)])}, model_name=HOSTILE),
        result_of({"caption": step([candidate(0)])}, settings={"seed": HOSTILE, HOSTILE: 1}),
        result_of({"caption": step([candidate(0)])}, limit=HOSTILE),
        result_of({HOSTILE: step([candidate(0)], part=HOSTILE)}),
        result_of({"caption": step([candidate(0, HOSTILE), candidate(1)], [match(1, 0, 1, 0)])}),
        result_of({"caption": step([candidate(0, finish_reason=HOSTILE)])}),
        result_of(
            {
                "caption": step(
                    [candidate(0), candidate(1)],
                    [match(1, 0, 1, 0, reason=HOSTILE, verdicts=[HOSTILE, HOSTILE], decided_by=HOSTILE)],
                )
            }
        ),
        result_of({"caption": step([candidate(0)])}, pictures=({"type": "image", "url": HOSTILE},)),
        result_of(
            {"caption": step([candidate(0)])},
            pictures=({"type": "image", "base64": HOSTILE, "mime_type": HOSTILE},),
        ),
    ],
)
def test_no_text_becomes_markup(result: SearchResult) -> None:
    page = page_of(result)
    assert not page.all("script")
    assert not page.all("img")
    assert len(page.all("style")) == 1
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert "49 &" not in page.text


PNG = image_block(demo_picture_path())


@pytest.mark.parametrize(
    ("blocks", "num_shown", "text"),
    [
        ((PNG,), 1, None),
        ((PNG, PNG), 2, None),
        (({"type": "image", "url": f"data:image/png;base64,{PNG['base64']}"},), 1, None),
        (({"type": "image", "url": "https://example.org/a.png"},), 0, "https://example.org/a.png"),
        (({"type": "image", "file_id": "file-7"},), 0, "file-7"),
        (({"type": "image", "base64": "no base64!"},), 0, "Picture not included"),
        (({"type": "image", "base64": PNG["base64"], "mime_type": "text/html"},), 0, "Picture not included"),
        ((), 0, None),
    ],
)
def test_a_picture_is_in_the_page_or_told_and_never_fetched(
    blocks: tuple[dict[str, Any], ...], num_shown: int, text: str | None
) -> None:
    page = page_of(result_of({"caption": step([candidate(0)])}, pictures=blocks))
    sources = [attributes["src"] or "" for attributes in page.all("img")]
    assert sources == [f"data:image/png;base64,{PNG['base64']}"] * num_shown
    assert text is None or text in page.text
    assert ("Picture not included" in page.text) == (text is not None)


def test_nothing_in_the_page_points_outside() -> None:
    page = page_of(knocked_out(candidates=3))
    assert not page.all("link")
    assert not any("href" in attributes for _, attributes in page.elements)
    policies = [found["content"] for found in page.all("meta") if found.get("http-equiv")]
    assert policies[0] is not None
    assert policies[0].startswith("default-src 'none'; img-src data:;")
    assert "url(" not in page.text


def test_a_notebook_shows_the_page_in_a_frame_of_its_own() -> None:
    result = knocked_out(candidates=2)
    frame = Page(result._repr_html_())
    assert [tag for tag, _ in frame.elements] == ["iframe"]
    (attributes,) = frame.all("iframe")
    assert attributes["srcdoc"] == result.to_html()
    assert attributes["sandbox"] == ""


def test_a_record_that_is_read_again_gives_the_same_page() -> None:
    result = knocked_out(candidates=2)
    again = SearchResult.from_record(result.to_record(), pictures=result.pictures)
    assert again.to_html() == result.to_html()


@pytest.mark.parametrize(
    ("finish_reason", "told"), [("length", "was cut off at the limit"), ("untagged", "reached no conclusion")]
)
def test_an_answer_that_is_not_whole_is_told(finish_reason: str, told: str) -> None:
    result = result_of({"caption": step([candidate(0)])}, finish_reason=finish_reason)
    assert told in page_of(result).text
    assert told in Page(render_search((), key="one", result=result)).text


def test_which_answer_a_candidate_goes_on_from_is_told() -> None:
    page = page_of(result_of({"caption": step([candidate(0), candidate(1, beam=1)])}))
    assert "goes on from answer 2" in page.text
    assert "goes on from" not in page_of(result_of({"caption": step([candidate(0)])})).text


def test_a_ranking_says_who_was_accepted_and_what_has_no_bar() -> None:
    record = step([candidate(0), candidate(1)], scores=[-2.0, None])
    page = page_of(result_of({"caption": record}))
    assert page.text.count("✓ accepted") == 1
    assert "A candidate without a score has no bar." in page.text


def test_a_long_question_has_a_short_title() -> None:
    (title,) = re.findall("<title>(.*)</title>", result_of({}, question="word " * 40).to_html())
    assert len(title) == 70
    assert title.endswith("…")


def test_a_picture_in_the_other_alphabet_is_shown_and_text_in_no_encoding_is_replaced() -> None:
    block = image_block(demo_picture_path())
    other = {
        **block,
        "base64": block["base64"].translate(str.maketrans("+/", "-_")),
        "mime_type": "image/PNG",
    }
    result = result_of({}, pictures=(other,), question="caf\udce9")
    page = result.to_html()
    assert f"data:image/png;base64,{block['base64']}" in page.replace("&#43;", "+")
    page.encode("utf-8")
    assert result.to_record()["pictures"] == result_of({}, pictures=(block,)).to_record()["pictures"]
    assert result_of({}, pictures=({"type": "image", "base64": "?"},)).to_record()["pictures"] == [""]
