"""The page of a sample: all is there, and nothing of it is markup that a set brought along."""

from pathlib import Path

import pytest

from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.data.page import render_sample
from tests.data.sets import conversation, staged, write_pictures, write_set
from tests.report.parsed import HOSTILE, Page


@pytest.fixture
def page(tmp_path: Path) -> Page:
    write_pictures(tmp_path, "red")
    path = write_set(
        tmp_path / "train.jsonl",
        conversation("first", image="red.png", question="<image>How many dots?"),
        conversation("lost", image=f"{HOSTILE}.png", question="Lost?", answer="No stages here"),
        conversation(HOSTILE, question=HOSTILE, answer=staged(summary=HOSTILE, conclusion=HOSTILE)),
    )
    opened = open_training_set(path)
    return Page(render_sample(opened, opened, note=HOSTILE))


def test_examples_are_shown_with_pictures_and_folded_stages(page: Page) -> None:
    (picture,) = page.all("img")
    assert (picture["src"] or "").startswith("data:image/png;base64,")
    assert page.all("details") == [{"class": "fold"}] * 6
    for text in (
        "How many dots?",
        "I count.",
        "Some dots.",
        "Dot by dot.",
        "Seven",
        "No stages here",
        "line 1",
    ):
        assert text in page.text
    assert "Picture not shown" in page.text


def test_nothing_of_a_set_is_markup(page: Page) -> None:
    assert page.all("script") == []
    assert all("onerror" not in attributes for _, attributes in page.elements)
    assert page.text.count("{{ 7 * 7 }}") >= 5


def test_the_page_needs_nothing_else_and_fits_light_dark_and_narrow(page: Page, tmp_path: Path) -> None:
    links = [value for _, found in page.elements for name, value in found.items() if name in ("src", "href")]
    assert all((link or "").startswith("data:") for link in links)
    names = {found.get("name") for found in page.all("meta")}
    assert {"viewport", "color-scheme"} <= names
    policies = [found["content"] for found in page.all("meta") if "http-equiv" in found]
    assert "default-src 'none'" in (policies[0] or "")


def test_a_sample_of_nothing_says_so(tmp_path: Path) -> None:
    opened = open_training_set(write_set(tmp_path / "train.jsonl"))
    assert "There are no examples." in Page(render_sample(opened, [])).text
