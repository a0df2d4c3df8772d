"""What a user does with the page."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path

SECONDS_TO_ANSWER = 600
CHECKS = (Path(__file__).parents[1] / "page_checks.js").read_text(encoding="utf-8")
STAGES = ["summary", "caption", "reasoning", "conclusion"]
# Deadlines only bound a hang: how long anything takes says more about the machine than about the page.
expect.set_options(timeout=120_000)


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
