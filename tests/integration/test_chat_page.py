"""A chat page in a browser, and a conversation on a real LangGraph server."""

import functools
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.items import make_item
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path
from tests.integration.langgraph_server import Server

EXAMPLES = Path(__file__).parents[2] / "examples"
# Deadlines only bound a hang.
MOST_MILLISECONDS = 600_000


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the page is, on another port than the server, as pages are."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(EXAMPLES))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_port}/18_chat_page.html"
        served.shutdown()


def ask(page: Page, question: str, *files: Path) -> str:
    """Send a message and return the last one of the conversation, once it is whole."""
    num_messages = page.locator(".message").count()
    page.locator("#files").set_input_files(files)
    page.locator("#question").fill(question)
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".message")).to_have_count(num_messages + 2, timeout=MOST_MILLISECONDS)
    expect(page.locator("#send")).to_be_enabled(timeout=MOST_MILLISECONDS)
    expect(page.locator(".message")).to_have_count(num_messages + 2)
    answer = page.locator(".message").last
    expect(answer).to_have_class(re.compile(r"\bai\b"))
    # What it came about by is folded away.
    return answer.inner_text().removeprefix("How it came about").strip()


@pytest.mark.long
def test_a_conversation_goes_on_past_files_that_cannot_be_read(
    browser: Browser, langgraph_server: Server, address: str, tmp_path: Path
) -> None:
    item = make_item(17, Difficulty.EASY)  # a chart, with a question to be answered by a number
    second, paper, damaged = tmp_path / "second.png", tmp_path / "paper.pdf", tmp_path / "damaged.png"
    item.picture.save(second)
    Image.open(demo_picture_path()).convert("RGB").save(paper, "PDF")
    damaged.write_bytes(demo_picture_path().read_bytes()[:300])

    page = browser.new_page()
    page.goto(f'{address}?server={langgraph_server.address}&context={{"seed":1}}')
    assert ask(page, DEMO_QUESTION, demo_picture_path()) == "6"
    details = page.locator(".message").last.locator("details")
    details.click()
    expect(details).to_contain_text("large red circle")
    expect(details).not_to_contain_text("<")
    assert ask(page, "How many squares are there?") == "2"
    assert "damaged.png: The picture is truncated or damaged" in ask(page, DEMO_QUESTION, damaged)
    assert ask(page, item.prompt, second) == item.answer
    assert ask(page, "How many triangles are there?", paper) == "1"
    # The pictures are still shown, the page of the PDF file among them.
    expect(page.locator(".message.human img")).to_have_count(3)
    page.close()


def test_a_page_is_asked_for_a_picture(browser: Browser, langgraph_server: Server, address: str) -> None:
    page = browser.new_page()
    settings = '{"temperature":0}'
    page.goto(f"{address}?server={langgraph_server.address}&graph=single_pass&context={settings}")
    assert "Send me one with your question" in ask(page, "Hello, who are you?")
    assert ask(page, DEMO_QUESTION, demo_picture_path()) == "6"
    page.close()
