"""Searches in the page: drawn while they run, compared, stopped, listed and shown again."""

import re
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage
from playwright.sync_api import Browser, Page, expect

from langchain_llava_o1.app.page import create_page
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path
from recipes.tiny.demo_picture import DEMO_ANSWER
from tests.integration.app.driving import (
    SECONDS_TO_ANSWER,
    STAGES,
    ask,
    check,
    choose,
    names_of,
    press,
    upload,
    watch,
)
from tests.scripted_model import Call, ScriptedModel, number, stopped

pytestmark = pytest.mark.long


def test_a_picture_is_asked_about_and_the_stages_fill_in(page: Page) -> None:
    upload(page, demo_picture_path())
    page.locator("#question textarea").fill(DEMO_QUESTION)
    choose(page, "Judge", "generative")
    page.get_by_label("Seed").first.fill("0")
    watch(page, "#search")
    press(page, "Ask")
    search = page.locator("#search")
    expect(search.locator(".answer")).to_have_text(DEMO_ANSWER, timeout=SECONDS_TO_ANSWER * 1000)
    assert names_of(search) == STAGES
    assert search.locator(".match").count() == 12

    seen = page.evaluate("window.seen")
    num_steps = [each[0] for each in seen]
    assert num_steps == sorted(num_steps)
    assert {1, 4} <= set(num_steps)
    assert any("candidates drawn" in each[2] for each in seen)
    assert any("reading the picture" in each[2] for each in seen)
    assert all(each[3] for each in seen if each[2])
    assert search.locator(".spinner").count() == 0
    # Matches appear one after another, not all at the end.
    assert len({each[1] for each in seen}) > 2

    search.locator(".match").first.hover()
    expect(search.locator(".why").first).to_be_visible()
    assert (
        check(page, "findOverflow('#search .card, #search .match, #search .candidate, #search .why')") == []
    )
    assert check(page, "findOverlap('#search .card, #search .match, #search .candidate')") == []


def test_candidates_and_seed_are_those_of_the_form_and_a_search_can_be_stopped(page: Page) -> None:
    upload(page, demo_picture_path())
    page.locator("#question textarea").fill(DEMO_QUESTION)
    page.get_by_label("Candidates").first.fill("2")
    page.get_by_label("Seed").first.fill("7")
    press(page, "Ask")
    search = page.locator("#search")
    expect(search.locator(".answer")).to_have_text(DEMO_ANSWER, timeout=SECONDS_TO_ANSWER * 1000)
    assert search.locator(".candidate").count() == 8
    assert re.search(r"Seed\s+7", search.locator(".facts").inner_text())

    page.get_by_label("Candidates").first.fill("64")
    press(page, "Ask")
    expect(search.locator(".status")).to_contain_text("summary")
    press(page, "Stop")
    expect(search.locator(".status")).to_have_text("Stopped")
    page.wait_for_timeout(500)
    expect(search.locator(".status")).to_have_text("Stopped")
    assert search.locator(".step").count() == 0


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
def test_two_searches_are_compared_side_by_side(page: Page) -> None:
    page.get_by_role("gridcell", name=DEMO_QUESTION).or_(page.get_by_text(DEMO_QUESTION)).first.click()
    expect(page.locator("#question textarea")).to_have_value(DEMO_QUESTION)
    page.get_by_role("tab", name="Compare").click()
    side = page.locator(".tabitem:visible")
    side.get_by_label("Judge").nth(1).click()
    page.get_by_role("option", name="confidence", exact=True).click()
    for place in range(2):
        side.get_by_label("Seed").nth(place).fill("0")
    press(page, "Compare")
    first, second = page.locator("#first"), page.locator("#second")
    expect(second.locator(".status")).to_have_text("Waits for the other search")
    for drawing in (first, second):
        expect(drawing.locator(".answer")).to_have_text(DEMO_ANSWER, timeout=SECONDS_TO_ANSWER * 1000)
        facts = drawing.locator(".facts").inner_text()
        assert re.search(r"Tokens generated\s+\d+", facts)
        assert re.search(r"Seconds\s+\d", facts)
    assert names_of(first) == STAGES
    assert names_of(second) == ["answer"]
    assert first.locator(".match").count() > 0
    assert second.locator(".bar").count() == 4
    # Both places in one call, as the page may scroll between two.
    left, right = page.evaluate(
        "['#first', '#second'].map((each) => document.querySelector(each).getBoundingClientRect())"
    )
    assert left["right"] <= right["left"]
    assert left["top"] == right["top"]
    assert check(page, "findLowContrast(4.5, '#first')") == []
    assert check(page, "findLowContrast(4.5, '#second')") == []
    # What a match says when it is pointed at reaches beyond it.
    page.mouse.move(0, 0)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert check(page, "findOverflow('.llava-o1 .card, .llava-o1 .match, .llava-o1 .candidate')") == []


@pytest.mark.parametrize("page", ["light", "dark", "phone"], indirect=True)
def test_what_was_asked_is_listed_and_shown_again(page: Page) -> None:
    rows = page.locator("#earlier button")
    expect(rows).to_have_count(0)
    ask(page, "How many red circles are there?")
    first_answer = page.locator("#search .answer").inner_text()
    expect(rows).to_have_count(1)
    ask(page)
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text(DEMO_QUESTION)
    expect(rows.nth(1)).to_contain_text("How many red circles are there?")
    expect(rows.nth(1)).to_contain_text(first_answer)
    expect(rows.nth(1)).to_contain_text("stage-beam, ")

    again = page.locator("#again")
    rows.nth(1).click()
    expect(again.locator(".question")).to_have_text("How many red circles are there?")
    expect(again.locator(".answer")).to_have_text(first_answer)
    expect(again.locator(".question")).to_be_in_viewport()
    assert again.locator("img").count() == 1
    assert again.locator(".step").count() == 4
    rows.nth(0).focus()
    page.keyboard.press("Enter")
    expect(again.locator(".question")).to_have_text(DEMO_QUESTION)
    assert check(page, "findLowContrast(4.5, '#earlier')") == []
    assert check(page, "findOverflow('#earlier button, #earlier li, #again .card')") == []


@pytest.mark.parametrize("page", ["phone"], indirect=True)
def test_on_a_phone_the_settings_are_folded_and_the_answer_comes_into_view(page: Page) -> None:
    candidates = page.get_by_label("Candidates").first
    expect(candidates).to_be_hidden()
    page.get_by_role("button", name=re.compile("^Settings")).click()
    expect(candidates).to_be_visible()
    page.get_by_role("button", name=re.compile("^Settings")).click()
    expect(candidates).to_be_hidden()
    page.evaluate("scrollTo(0, 0)")
    ask(page)
    expect(page.locator("#search .answer")).to_be_in_viewport(ratio=1)
    assert check(page, "findOverflow('.llava-o1 .card, .llava-o1 .candidate')") == []


def test_markup_in_a_models_words_stays_text(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = (
        "<img src=x onerror='document.title = 1'> {{ 7 * 7 }} ${7 * 7} <script>document.title = 1</script>"
    )

    def write(call: Call) -> AIMessage:
        return stopped(f"{call.stage.opening}{hostile} {number(call.seed)}", call.stage.closing)

    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    served = create_page(ScriptedModel(write=write))
    _, address, _ = served.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False, share=False)
    page = browser.new_page()
    page.goto(address)
    upload(page, demo_picture_path())
    page.locator("#question textarea").fill("How many?")
    press(page, "Ask")
    search = page.locator("#search")
    expect(search.locator(".answer")).to_contain_text(hostile, timeout=SECONDS_TO_ANSWER * 1000)
    assert search.locator("img, script").count() == 0
    assert page.title() == "LLaVA-o1"
    page.close()
    served.close()
