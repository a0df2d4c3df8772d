"""The page of a folder of answers as a browser shows it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from langchain_llava_o1.data.annotation.spending import Price
from langchain_llava_o1.evaluation.results.run_report import report_run
from tests.evaluation.results.folders import (
    answer,
    heading,
    write_answers,
    write_lines,
    write_records,
    write_skills,
)
from tests.report.searched import knocked_out, scored

CHECKS = (Path(__file__).parent / "page_checks.js").read_text(encoding="utf-8")
BOXES = (
    ".card, .chip, figure, h1, .figures tbody tr, .kind, .legend li, .answers li, "
    ".match, .candidate, .ranking li"
)
LEAST_CONTRAST = 4.5
DESKTOP, TABLET, PHONE = 1280, 820, 390
STRATEGIES = (
    ("greedy", 1),
    ("stage-beam", 2),
    ("stage-beam", 4),
    ("best-of-n", 4),
    ("swires", 4),
    ("random", 1),
    ("majority-option", 1),
    ("text-only", 1),
)


def write_run(folder: Path) -> None:
    """Two benchmarks, one with published figures and without its file, and searches with their records."""
    scores = {
        name: [float((number * place) % 3 != 1) for number in range(9)]
        for place, name in enumerate(STRATEGIES)
    }
    write_answers(folder, scores)
    write_answers(folder, scores, benchmark="mmvet", grader="openai:gpt-4o-mini")
    write_records(folder / "scenes", "stage-beam-4", dict.fromkeys(range(9), knocked_out(candidates=4)))
    write_records(folder / "scenes", "swires-4", dict.fromkeys(range(9), scored(candidates=4, beams=2)))


def write_long_words(folder: Path) -> None:
    """Words that no line holds."""
    word = "0123456789" * 30
    fields = {"conclusion": word, "read": word[:40], "told": word, "graded_by": "grader", "sources": [word]}
    fields |= {"skill": word}
    lines = [
        answer(*strategy, number, float(number % 2 == place), kind=f"{number}{word}", **fields)
        for place, strategy in enumerate(STRATEGIES[:3])
        for number in range(4)
    ]
    write_lines(folder / "scenes" / "outcomes.jsonl", [heading(model=word, grader=word), *lines])


def write_grouped(folder: Path) -> None:
    """Skills that have several kinds each."""
    scores = {
        name: [float((number * place) % 3 != 1) for number in range(12)]
        for place, name in enumerate(STRATEGIES)
    }
    write_skills(folder, scores)


MAKERS: dict[str, Callable[[Path], None]] = {
    "run": write_run,
    "long-words": write_long_words,
    "skills": write_grouped,
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    found = {}
    for name, make in MAKERS.items():
        folder = tmp_path_factory.mktemp(name)
        make(folder)
        found[name] = folder / "report.html"
        found[name].write_text(report_run([folder], prices=[Price(1, 4)], items=6).page, encoding="utf-8")
    return found


@pytest.fixture
def open_page(browser: Browser, pages: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    contexts: list[BrowserContext] = []
    requests: list[str] = []

    def open_file(name: str, *, width: int = DESKTOP, color_scheme: Any = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=color_scheme)
        contexts.append(context)
        context.set_default_timeout(120_000)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.goto(pages[name].as_uri())
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert [url for url in requests if url.startswith("http")] == []


def check(page: Page, call: str) -> list[str]:
    found: list[str] = page.evaluate(f"() => {{ {CHECKS}; return {call}; }}")
    return found


def open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(found => found.open = true)")


@pytest.mark.parametrize("width", [DESKTOP, TABLET, PHONE])
@pytest.mark.parametrize("name", MAKERS)
def test_nothing_overflows_or_overlaps(open_page: Callable[..., Page], name: str, width: int) -> None:
    page = open_page(name, width=width)
    open_all(page)
    assert check(page, f"findOverflow({BOXES!r})") == []
    assert check(page, f"findOverlap({BOXES!r})") == []
    outside = page.locator(".chart text, .radar text").evaluate_all(
        """found => found.filter(text => {
            const [box, drawing] = [text, text.closest("svg")].map(each => each.getBoundingClientRect());
            return box.left < drawing.left || box.right > drawing.right || box.top < drawing.top - 1;
        }).map(text => text.textContent)"""
    )
    assert outside == []


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_the_radar_stands_beside_the_skills_where_there_is_room(
    open_page: Callable[..., Page], width: int
) -> None:
    page = open_page("skills", width=width)
    radar = page.locator(".by-skill .radar").bounding_box()
    skill = page.locator(".by-skill .kind").first.bounding_box()
    kind = page.locator(".by-kind .kind").first.bounding_box()
    assert radar
    assert skill
    assert kind
    if width == DESKTOP:
        assert radar["x"] + radar["width"] <= skill["x"]
    else:
        assert radar["y"] + radar["height"] <= skill["y"]
    assert skill["y"] < kind["y"]


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_text_can_be_read_on_what_is_behind_it(open_page: Callable[..., Page], color_scheme: str) -> None:
    page = open_page("run", color_scheme=color_scheme)
    open_all(page)
    assert check(page, f"findLowContrast({LEAST_CONTRAST})") == []
    brightness = page.evaluate(f"() => {{ {CHECKS}; return luminance(behind(document.body)); }}")
    assert (brightness < 0.1) == (color_scheme == "dark")


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_marks_stand_out_from_the_card(open_page: Callable[..., Page], color_scheme: str) -> None:
    """Three to one is what WCAG 2 asks of drawings."""
    page = open_page("run", color_scheme=color_scheme)
    ratios = page.evaluate(
        f"""() => {{ {CHECKS}; return [...document.querySelectorAll(".legend .swatch")].map(
            each => contrast(read(getComputedStyle(each).fill), behind(each.closest(".card")))); }}"""
    )
    assert len(ratios) >= 6
    assert min(ratios) > 3


def test_items_can_be_narrowed_down(open_page: Callable[..., Page]) -> None:
    page = open_page("run")
    section = page.locator("#benchmark-1")
    shown = section.locator(".item:visible")
    num_all = shown.count()
    choice = section.get_by_role("group", name="Compared with greedy").get_by_label("stage-beam, N=4 worse")
    count = int(section.locator(".chip", has_text="stage-beam, N=4 worse").locator("small").inner_text())
    choice.check()
    assert 0 < shown.count() == count < num_all
    kinds = section.get_by_role("group", name="Kind of question").get_by_role("radio")
    counts, empty = [], section.locator(".none-left")
    for place in range(1, kinds.count()):
        kinds.nth(place).check()
        counts.append(shown.count())
        expect(empty).to_be_visible(visible=not shown.count())
    assert sum(counts) == count
    # The other benchmark has choices of its own.
    assert page.locator("#benchmark-2 .item:visible").count() > 0
    kinds.first.check()
    section.get_by_role("group", name="Compared with greedy").get_by_label("all").check()
    assert shown.count() == num_all


def test_choices_can_be_made_with_the_keyboard(open_page: Callable[..., Page]) -> None:
    page = open_page("run")
    first = page.get_by_role("group", name="Compared with greedy").first.get_by_role("radio").first
    first.focus()
    num_all = page.locator("#benchmark-1 .item:visible").count()
    page.keyboard.press("ArrowRight")
    assert page.locator("#benchmark-1 .item:visible").count() < num_all


def test_a_search_unfolds_its_brackets(open_page: Callable[..., Page]) -> None:
    page = open_page("run")
    fold = page.locator("details", has_text="How stage-beam, N=4 chose").first
    expect(fold.locator(".bracket").first).to_be_hidden()
    fold.locator("summary").first.click()
    expect(fold.locator(".bracket").first).to_be_visible()
    match = fold.locator(".match").first
    match.hover()
    expect(match.locator(".why")).to_be_visible()


def test_pictures_are_seen(open_page: Callable[..., Page]) -> None:
    page = open_page("run")
    widths = page.locator(".item img").evaluate_all("found => found.map(each => each.naturalWidth)")
    assert widths
    assert all(0 < width <= 320 for width in widths)


def test_on_a_phone_every_figure_stands_beside_its_head(open_page: Callable[..., Page]) -> None:
    page = open_page("run", width=PHONE)
    cell = page.locator("#benchmark-1 .figures td[data-label='Tokens per item']").first
    head = cell.evaluate("found => getComputedStyle(found, '::before').content")
    assert head == '"Tokens per item"'
    assert page.locator("#benchmark-1 .figures thead").first.evaluate("found => found.offsetWidth") <= 1
