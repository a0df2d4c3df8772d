"""`llava-o1 app` in a process of its own, with the embedded model, used in a browser."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect

from langchain_llava_o1.app.page import create_page
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path
from recipes.tiny.demo_picture import DEMO_ANSWER
from tests.integration.servers import free_port, wait_until_served
from tests.pictures.files import encode_heic
from tests.scripted_model import Call, ScriptedModel, number, stopped

SECONDS_TO_ANSWER = 600
CHECKS = (Path(__file__).parent / "page_checks.js").read_text(encoding="utf-8")
# Deadlines only bound a hang: how long anything takes says more about the machine than about the page.
expect.set_options(timeout=120_000)
STAGES = ["summary", "caption", "reasoning", "conclusion"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app's address; its uploads go to a folder of the test's own."""
    folder = tmp_path_factory.mktemp("app")
    log = folder / "log.txt"
    port = free_port()
    command = [sys.executable, "-m", "langchain_llava_o1.cli", "app", "--port", str(port), "--model", "tiny"]
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(folder)}
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        try:
            wait_until_served(f"http://127.0.0.1:{port}/", process, log)
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(120)


DESKTOP = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=390, height=844)


@pytest.fixture(params=["light"])
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page on a desktop in light or dark colors, or on a phone."""
    is_phone = request.param == "phone"
    context = browser.new_context(
        viewport=PHONE if is_phone else DESKTOP, color_scheme="light" if is_phone else request.param
    )
    context.set_default_timeout(120_000)
    requests: list[str] = []
    opened = context.new_page()
    opened.on("request", lambda each: requests.append(each.url))
    opened.goto(address)
    expect(opened.locator("#question textarea")).to_be_visible()
    yield opened
    context.close()
    assert [url for url in requests if not url.startswith((address, "data:", "blob:"))] == []


def upload(page: Page, picture: Path) -> None:
    page.locator("#picture input[type=file]").set_input_files(picture)
    expect(page.locator("#picture img")).to_be_attached()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def choose(page: Page, label: str, value: str) -> None:
    page.get_by_label(label).first.click()
    page.get_by_role("option", name=value, exact=True).click()


def ask(page: Page, question: str = DEMO_QUESTION) -> None:
    """Ask about the shipped picture with few candidates, and wait for the answer."""
    if not page.locator("#picture img").count():
        upload(page, demo_picture_path())
    page.locator("#question textarea").fill(question)
    if page.get_by_label("Candidates").first.is_visible():
        page.get_by_label("Candidates").first.fill("2")
    press(page, "Ask")
    expect(page.locator("#search .over")).to_be_visible(timeout=SECONDS_TO_ANSWER * 1000)


def names_of(drawing: Any) -> list[str]:
    return [str(name).lower() for name in drawing.locator(".step h3").all_inner_texts()]


def check(page: Page, call: str) -> list[str]:
    found: list[str] = page.evaluate(f"() => {{ {CHECKS}; return {call}; }}")
    return found


def watch(page: Page, drawing: str) -> None:
    """Keep what a drawing shows each time that it changes."""
    page.evaluate(
        """(selector) => {
            window.seen = [];
            const drawing = document.querySelector(selector);
            new MutationObserver(() => window.seen.push([
                drawing.querySelectorAll(".step").length,
                drawing.querySelectorAll(".match").length,
                drawing.querySelector(".status")?.textContent ?? "",
                drawing.querySelectorAll(".spinner").length,
            ])).observe(drawing, { childList: true, subtree: true, characterData: true });
        }""",
        drawing,
    )


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


def test_the_form_offers_what_a_search_obeys(page: Page) -> None:
    judge, candidates = page.get_by_label("Judge").first, page.get_by_label("Candidates").first
    choose(page, "Judge", "generative")
    choose(page, "Strategy", "swires")
    expect(judge).to_have_value("the search's own")
    judge.click()
    expect(page.get_by_role("option")).to_have_text(
        [re.compile("the search's own$"), re.compile("confidence$")]
    )
    page.get_by_role("option", name="confidence", exact=True).click()
    choose(page, "Strategy", "greedy")
    expect(judge).to_be_hidden()
    expect(candidates).to_be_hidden()
    choose(page, "Strategy", "stage-beam")
    expect(candidates).to_be_visible()
    expect(judge).to_be_visible()
    judge.click()
    expect(page.get_by_role("option", name="generative", exact=True)).to_be_visible()


def test_what_cannot_be_asked_is_told_in_the_page(page: Page, tmp_path: Path) -> None:
    told = page.locator("#search").get_by_role("alert")
    press(page, "Ask")
    expect(told).to_have_text("There is no picture. Drop one, or take the example under the question.")
    question, example = page.locator("#question"), page.get_by_text(DEMO_QUESTION).first
    above, below = question.bounding_box(), example.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] <= below["y"]
    assert above["x"] <= below["x"] < above["x"] + above["width"]
    broken = tmp_path / "broken.png"
    broken.write_text("no picture")
    upload(page, broken)
    press(page, "Ask")
    expect(told).to_have_text("The question is empty. Write what you want to know.")
    page.locator("#question textarea").fill("How many?")
    press(page, "Ask")
    expect(told).to_contain_text("broken.png: The 10 bytes, which begin with b'no pictu', are no picture")


def test_files_that_browsers_do_not_show_are_shown_and_asked_about(page: Page, tmp_path: Path) -> None:
    shown, told = page.locator("#picture img"), page.locator("#file-told").get_by_role("alert")
    number = page.locator("#page input")

    def choose_file(name: str) -> None:
        with page.expect_file_chooser() as choosing:
            page.locator("#file").click()
        choosing.value.set_files(tmp_path / name)

    demo = Image.open(demo_picture_path()).convert("RGB")
    blank = Image.new("RGB", demo.size, "white")
    blank.save(tmp_path / "two pages.pdf", save_all=True, append_images=[demo])
    demo.save(tmp_path / "phone.tiff")
    (tmp_path / "phone.heic").write_bytes(encode_heic(demo))

    choose_file("two pages.pdf")
    expect(shown).to_have_attribute("src", re.compile("page(%20| )?1"))
    expect(number).to_have_value("1")
    number.fill("3")
    expect(told).to_have_text("two pages.pdf: The PDF has 2 pages and no page 3. Name pages from 1 to 2.")
    expect(shown).to_have_count(0)
    number.fill("2")
    expect(shown).to_have_attribute("src", re.compile("page(%20| )?2"))
    expect(told).to_have_count(0)
    choose(page, "Strategy", "greedy")
    page.locator("#question textarea").fill(DEMO_QUESTION)
    press(page, "Ask")
    expect(page.locator("#search .answer")).to_have_text(DEMO_ANSWER, timeout=SECONDS_TO_ANSWER * 1000)

    for name in ("phone.heic", "phone.tiff"):
        choose_file(name)
        expect(shown).to_have_js_property("naturalWidth", demo.width)
        expect(shown).to_have_attribute("src", re.compile(r"phone\.(jpeg|png)$"))
        expect(number).to_be_hidden()

    choose_file("two pages.pdf")
    expect(number).to_be_visible()
    page.get_by_role("button", name="Remove Image").click()
    expect(number).to_be_hidden()


@pytest.mark.parametrize("number", ["65", "0", "2.5", "-1"])
def test_candidates_out_of_range_are_told_in_the_place_of_the_answer(page: Page, number: str) -> None:
    upload(page, demo_picture_path())
    page.locator("#question textarea").fill(DEMO_QUESTION)
    candidates = page.get_by_label("Candidates").first
    candidates.fill(number)
    press(page, "Ask")
    expect(page.locator("#search").get_by_role("alert")).to_contain_text(
        f"candidates is {number}; it must be a whole number from 1 to 64"
    )
    expect(candidates).to_have_value(number)


def test_the_form_begins_with_the_searchs_own_judge_and_a_fresh_seed(page: Page) -> None:
    expect(page.get_by_label("Judge").first).to_have_value("the search's own")
    expect(page.get_by_label("Seed").first).to_have_value("")
    expect(page.get_by_label("Candidates").first).to_have_value("4")


def test_enter_asks_in_the_tab_that_is_shown_and_shift_enter_begins_a_line(page: Page) -> None:
    question = page.locator("#question textarea")
    question.fill("How")
    question.press("Shift+Enter")
    question.press_sequentially("many?")
    expect(question).to_have_value("How\nmany?")
    assert page.get_by_role("alert").count() == 0
    question.press("Enter")
    expect(page.locator("#search").get_by_role("alert")).to_contain_text("There is no picture.")
    expect(question).to_have_value("How\nmany?")
    page.get_by_role("tab", name="Compare").click()
    question.press("Enter")
    expect(page.locator("#second").get_by_role("alert")).to_contain_text("There is no picture.")


def test_the_report_can_be_downloaded(page: Page) -> None:
    report = page.get_by_role("button", name="Download the report")
    expect(report).to_have_count(0)
    ask(page)
    answer = page.locator("#search .answer").inner_text()
    with page.expect_download() as downloading:
        report.click()
    assert downloading.value.suggested_filename == "report.html"
    text = Path(downloading.value.path()).read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert DEMO_QUESTION in text
    assert f'<p class="answer">{answer}</p>' in text


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
