"""The form of the page: what it offers, refuses and takes, and the answer it comes to."""

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path
from recipes.tiny.demo_picture import DEMO_ANSWER
from tests.integration.app.driving import SECONDS_TO_ANSWER, ask, choose, press, upload
from tests.pictures.files import encode_heic


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


@pytest.mark.long
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

    # Whether or not the file before it has been read.
    choose_file("phone.heic")
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
