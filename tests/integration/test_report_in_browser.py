"""A search's page as a browser shows it."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from langchain_llava_o1 import SearchResult
from langchain_llava_o1.tiny import demo_picture_path
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

CHECKS = (Path(__file__).parent / "page_checks.js").read_text(encoding="utf-8")
BOXES = ".card, .match, .bye, .candidate, .ranking li, .stages li, .log li, figure, h1, .answer, table"
LEAST_CONTRAST = 4.5
DESKTOP, PHONE = 1280, 390


def with_long_words() -> SearchResult:
    """Words that no line holds, and decisions of all kinds."""
    word = "0123456789" * 30
    candidates = [
        candidate(index, f"<CAPTION>{word}</CAPTION>", finish_reason="length") for index in range(12)
    ]
    kinds = ["judge", "identical", "incomplete", "unreadable", "disagreement"]
    matches = [
        each | {"decided_by": kinds[place % 5], "reason": word, "verdicts": [word]}
        for place, each in enumerate(play(12))
    ]
    return result_of(
        {"caption": step(candidates, matches), "caption 2": step(candidates, scores=[-1e-9] * 12)},  # type: ignore[arg-type]
        question=word,
        answer=word,
        reasoning=f"<CAPTION>{word}</CAPTION>",
        model_name=word,
        limit="max_calls",
        finish_reason="length",
        settings={"seed": 2**53 - 1, "max_calls": 8, "retrace_to": word},
        pictures=({"type": "image", "url": f"https://example.org/{word}"},),
    )


MAKERS: dict[str, Callable[[], SearchResult]] = {
    "four": lambda: knocked_out(candidates=4),
    "byes-and-beams": lambda: knocked_out(candidates=7, beams=3),
    "sixty-four": lambda: whole_answers(64),
    "scores": lambda: scored(candidates=5, beams=2),
    "retraced": retraced,
    "sentences": sentence_by_sentence,
    "cut-short": cut_short,
    "long-words": with_long_words,
}


@cache
def result(name: str) -> SearchResult:
    return MAKERS[name]()


OUTSIDE = re.compile(r"https?://")


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []
    requests: list[str] = []

    def open_file(source: str, *, width: int = DESKTOP, color_scheme: Any = "light") -> Page:
        path = tmp_path / "report.html"
        path.write_text(source, encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=color_scheme)
        contexts.append(context)
        context.set_default_timeout(120_000)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert [url for url in requests if OUTSIDE.match(url)] == []


def check(page: Page, call: str) -> list[str]:
    found: list[str] = page.evaluate(f"() => {{ {CHECKS}; return {call}; }}")
    return found


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("name", MAKERS)
def test_nothing_overflows_or_overlaps(open_page: Callable[..., Page], name: str, width: int) -> None:
    page = open_page(result(name).to_html(), width=width)
    page.evaluate("document.querySelectorAll('details').forEach(found => found.open = true)")
    assert check(page, f"findOverflow({BOXES!r})") == []
    assert check(page, f"findOverlap({BOXES!r})") == []


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["four", "scores", "long-words"])
def test_text_can_be_read_on_what_is_behind_it(
    open_page: Callable[..., Page], name: str, color_scheme: str
) -> None:
    page = open_page(result(name).to_html(), color_scheme=color_scheme)
    page.evaluate("document.querySelectorAll('details').forEach(found => found.open = true)")
    if page.locator(".match").count():
        page.locator(".match").first.hover()
    assert check(page, f"findLowContrast({LEAST_CONTRAST})") == []
    brightness = page.evaluate(f"() => {{ {CHECKS}; return luminance(behind(document.body)); }}")
    assert (brightness < 0.1) == (color_scheme == "dark")


def test_the_checks_find_what_is_wrong(open_page: Callable[..., Page]) -> None:
    page = open_page(
        "<!doctype html><div class=a style='width: 2000px; color: #888'>grey</div>"
        "<div class=a style='margin-top: -10px'>over it</div>"
    )
    assert len(check(page, "findOverflow('.a')")) == 2
    assert len(check(page, "findOverlap('.a')")) == 1
    assert [finding[:8] for finding in check(page, "findLowContrast(4.5)")] == ["<div cla"]


def test_the_picture_and_the_answer_are_seen(open_page: Callable[..., Page]) -> None:
    page = open_page(result("four").to_html())
    picture = page.get_by_alt_text("Picture 1 of the question")
    expect(picture).to_be_in_viewport()
    assert picture.evaluate("found => found.naturalWidth") == 280
    expect(page.locator(".answer")).to_be_in_viewport()
    expect(page.locator(".answer")).to_have_text(result("four").answer)


def test_a_bracket_is_drawn_from_left_to_right(open_page: Callable[..., Page]) -> None:
    page = open_page(result("four").to_html())
    bracket = page.locator(".bracket").first
    first, second, final = (box(bracket.locator(".match").nth(place)) for place in range(3))
    assert first["x"] == second["x"] < final["x"]
    middles = [each["y"] + each["height"] / 2 for each in (first, second, final)]
    assert middles[2] == pytest.approx(sum(middles[:2]) / 2, abs=1)
    lines = box(bracket.locator("svg"))
    assert first["x"] + first["width"] == pytest.approx(lines["x"], abs=1)
    assert lines["x"] + lines["width"] == pytest.approx(final["x"], abs=1)
    # Lines begin and end at the middles of what they join.
    assert lines["y"] + lines["height"] / 4 == pytest.approx(middles[0], abs=1)
    assert lines["y"] + lines["height"] / 2 == pytest.approx(middles[2], abs=1)


def test_on_a_phone_the_rounds_follow_one_another(open_page: Callable[..., Page]) -> None:
    page = open_page(result("four").to_html(), width=PHONE)
    bracket = page.locator(".bracket").first
    boxes = [box(bracket.locator(".match").nth(place)) for place in range(3)]
    assert len({each["x"] for each in boxes}) == 1
    assert [each["y"] for each in boxes] == sorted(each["y"] for each in boxes)
    expect(bracket.locator("svg")).to_be_hidden()


def box(locator: Any) -> dict[str, float]:
    found = locator.bounding_box()
    assert found is not None
    return dict(found)


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("name", ["four", "sixty-four", "long-words"])
def test_a_reason_appears_under_the_pointer(open_page: Callable[..., Page], name: str, width: int) -> None:
    page = open_page(result(name).to_html(), width=width)
    reasons = page.locator(".why")
    matches = page.locator(".match")
    assert reasons.evaluate_all("found => found.filter(each => each.checkVisibility()).length") == 0
    for place in (0, matches.count() - 1):
        # In the middle: nothing scrolls on the pointer's way, which would take the match from under it.
        matches.nth(place).evaluate("match => match.scrollIntoView({ block: 'center' })")
        matches.nth(place).hover(position={"x": 20, "y": 12})
        expect(reasons.nth(place)).to_be_visible()
        assert reasons.evaluate_all("found => found.filter(each => each.checkVisibility()).length") == 1
        assert check(page, "findOverflow('.why')") == []
        # The pointer may go on into the reason, to read and copy it.
        reasons.nth(place).hover(position={"x": 20, "y": 12})
        expect(reasons.nth(place)).to_be_visible()


def test_a_reason_appears_with_the_keyboard(open_page: Callable[..., Page]) -> None:
    shown = result("four")
    page = open_page(shown.to_html())
    reasons = [played["reason"] for record in shown.stages.values() for played in record["matches"]]
    seen = []
    for _ in range(len(reasons) + 2 * len(shown.stages)):
        page.keyboard.press("Tab")
        if "match" in page.evaluate("document.activeElement.className"):
            focused = page.locator(".match:focus")
            expect(focused.locator(".why")).to_be_visible()
            seen.append(focused.locator(".why .words").first.inner_text())
    assert sorted(seen) == sorted(reasons)


def test_a_screen_reader_is_told_the_reason(open_page: Callable[..., Page]) -> None:
    record = step([candidate(0), candidate(1)], [match(1, 0, 1, 0, reason="It names the star.")])
    page = open_page(result_of({"caption": record}).to_html())
    drawn = page.get_by_role("group", name="Round 1: candidate 1 beats candidate 2", exact=True)
    expect(drawn).to_have_accessible_description(
        "Candidate 1 beats candidate 2 Decided by the judge. It names the star."
    )


def test_text_with_markup_stays_text(open_page: Callable[..., Page]) -> None:
    hostile = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"
    record = step(
        [candidate(0, hostile), candidate(1)], [match(1, 0, 1, 0, reason=hostile, decided_by="unreadable")]
    )
    page = open_page(result_of({hostile: record}, question=hostile, answer=hostile).to_html())
    expect(page.locator("h1")).to_have_text(hostile)
    assert page.locator("script, main img").count() == 0
    assert "taken" not in page.title()[:5]


@pytest.mark.parametrize("is_allowed", [True, False])
def test_the_page_forbids_what_it_does_not_need(browser: Browser, tmp_path: Path, is_allowed: bool) -> None:
    """A policy stands behind the escaping; without it, the same page would be taken over."""
    intruder = '<img id="outside" src="https://example.org/a.png"><script>document.title = "taken"</script>'
    source = result("four").to_html().replace("<main>", f"<main>{intruder}")
    if is_allowed:
        source = source.replace("Content-Security-Policy", "nothing")
    path = tmp_path / "report.html"
    path.write_text(source, encoding="utf-8")
    context = browser.new_context()
    context.route(OUTSIDE, lambda route: route.fulfill(path=demo_picture_path()))
    page = context.new_page()
    page.goto(path.as_uri())
    width = page.locator("#outside").evaluate("found => found.naturalWidth")
    assert (width, page.title()) == ((280, "taken") if is_allowed else (0, "How many?"))
    context.close()


def test_all_is_printed_on_white(open_page: Callable[..., Page]) -> None:
    page = open_page(result("sixty-four").to_html(), color_scheme="dark", width=718)
    assert not page.locator(".log li").first.is_visible()
    page.emulate_media(media="print", color_scheme="dark")
    for selector in (".log li", ".candidate"):
        assert box(page.locator(selector).last)["height"] > 10
    assert check(page, f"findLowContrast({LEAST_CONTRAST})") == []
    assert page.evaluate(f"() => {{ {CHECKS}; return luminance(behind(document.body)); }}") == 1
    assert check(page, "findOverflow('.match, .bye, .candidate')") == []


def test_a_notebook_keeps_its_own_style(open_page: Callable[..., Page]) -> None:
    page = open_page(
        "<!doctype html><style>p { color: rgb(1, 2, 3) } .card { border: 9px solid }</style><p>A cell</p>"
        + result("four")._repr_html_()
    )
    frame = page.frame_locator("iframe")
    expect(frame.locator(".bracket").first).to_be_attached()
    frame.locator(".match").first.hover()
    expect(frame.locator(".why").first).to_be_visible()
    assert frame.locator(".card").first.evaluate("found => getComputedStyle(found).borderTopWidth") == "1px"
    assert page.locator("body > p").evaluate("found => getComputedStyle(found).color") == "rgb(1, 2, 3)"
