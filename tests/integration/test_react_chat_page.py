"""examples/chat_page, built and served by Vite, in a browser, and conversations on a LangGraph server."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.items import make_item
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path
from tests.integration.langgraph_server import ROOT, Server, start_server
from tests.integration.servers import free_port, wait_until_served

pytestmark = pytest.mark.long

FOLDER = ROOT / "examples" / "chat_page"
# Deadlines only bound a hang.
MOST_MILLISECONDS = 600_000
# What is drawn of the last answer, each time that it changes; components of the server's are in shadow roots.
RECORD = """() => {
  window.drawn = [];
  const look = () => {
    const answers = [...document.querySelectorAll(".turn.ai")];
    const divisions = [...(answers.at(-1)?.querySelectorAll("div") ?? [])];
    const roots = [...answers.slice(-1), ...divisions.flatMap((each) => each.shadowRoot ?? [])];
    const stages = roots.flatMap((root) => [...root.querySelectorAll("details")]).length;
    const text = answers.at(-1)?.querySelector(".text")?.textContent ?? "";
    const seen = { answers: answers.length, stages, text };
    if (JSON.stringify(seen) !== JSON.stringify(window.drawn.at(-1))) window.drawn.push(seen);
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  setInterval(look, 5);
}"""


class Drawn(NamedTuple):
    """What a page had drawn at one time: how many answers, and of the last one stages and text."""

    answers: int
    stages: int
    text: str


@pytest.fixture(scope="module")
def page_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built page; its packages are kept where a user's are."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, which builds the page: https://nodejs.org")
    # The server's bundler is fetched each time that it starts.
    found = npm("view", "@langchain/langgraph-ui", "version")
    if found.returncode:
        pytest.skip(f"the npm registry cannot be reached: {found.stderr[-300:]}")
    installed = npm("install", "--prefer-offline")
    assert installed.returncode == 0, installed.stderr
    folder = tmp_path_factory.mktemp("chat_page")
    built = npm("run", "build", "--", "--outDir", str(folder))
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="module")
def server(page_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    components = {"stage_beam": "./graphs/ui.tsx"}
    with start_server(tmp_path_factory.mktemp("langgraph"), components=components) as started:
        yield started


@pytest.fixture(scope="module")
def address(page_folder: Path, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where Vite serves the page, and hands on what is for the LangGraph server."""
    port = free_port()
    log = tmp_path_factory.mktemp("vite") / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                *("npm", "run", "preview", "--", "--host", "127.0.0.1"),
                *("--port", str(port), "--strictPort", "--outDir", str(page_folder)),
            ],
            cwd=FOLDER,
            env={**os.environ, "LANGGRAPH_URL": server.address},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until_served(f"http://127.0.0.1:{port}", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


def npm(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["npm", *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=600)


def open_page(browser: Browser, address: str, errors: list[str]) -> Page:
    page = browser.new_page()
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.evaluate(RECORD)
    return page


def ask(page: Page, question: str, *pictures: Path) -> None:
    num_questions = page.locator(".turn.human").count()
    page.locator("input[type=file]").set_input_files(pictures)
    expect(page.locator(".chosen img")).to_have_count(len(pictures))
    page.get_by_label("Question").fill(question)
    page.get_by_role("button", name="Ask").click()
    expect(page.locator(".turn.human")).to_have_count(num_questions + 1)


def wait_for_answer(page: Page) -> str:
    expect(page.get_by_role("button", name="Ask")).to_be_visible(timeout=MOST_MILLISECONDS)
    return page.locator(".turn.ai").last.locator(".text").inner_text()


def assert_answers_grew(drawn: list[Drawn]) -> None:
    """See that stages came one by one, then the text, and that nothing was taken back."""
    assert [answers for answers, _ in groupby(each.answers for each in drawn)] == [0, 1, 2]
    for place in (1, 2):
        answer = [each for each in drawn if each.answers == place]
        # Before the next stage a model is asked; the conclusion may come in time to be drawn with the third.
        assert {1, 2} <= {each.stages for each in answer if not each.text}
        for before, after in pairwise(answer):
            assert before.stages <= after.stages
            assert after.text.startswith(before.text)
        assert answer[-1].stages == 3


@pytest.mark.parametrize("components", ["page", "server"])
def test_stages_then_the_conclusion_are_drawn_as_they_are_accepted(
    browser: Browser, address: str, tmp_path: Path, components: str
) -> None:
    item = make_item(8, Difficulty.EASY)  # is answered by a whole sentence
    second = tmp_path / "second.png"
    item.picture.save(second)
    errors: list[str] = []
    page = open_page(
        browser, f'{address}?components={components}&context={{"candidates":2,"seed":1}}', errors
    )
    ask(page, DEMO_QUESTION, demo_picture_path())
    assert wait_for_answer(page) == "6"
    ask(page, item.prompt, second)
    sentence = wait_for_answer(page)
    assert len(sentence.split()) > 3

    drawn = [Drawn(**each) for each in page.evaluate("window.drawn")]
    assert_answers_grew(drawn)
    # Words that come together are drawn together; how many do is up to the machine.
    assert len({each.text for each in drawn if each.answers == 2 and each.text}) > 1
    # The page has its own component only where it is to draw stages itself.
    assert page.locator(".stage").count() == (6 if components == "page" else 0)

    page.reload()
    answers = page.locator(".turn.ai")
    expect(answers.nth(1).locator(".text")).to_have_text(sentence)
    reasoning = answers.nth(0).locator("details").last
    reasoning.locator("summary").click()
    expect(reasoning.locator("p")).to_contain_text("small red circles")
    expect(page.locator(".turn.human img")).to_have_count(2)
    assert errors == []
    page.close()


def test_a_stopped_answer_keeps_its_stages_and_the_thread_goes_on(browser: Browser, address: str) -> None:
    errors: list[str] = []
    page = open_page(browser, f'{address}?context={{"candidates":8,"seed":1}}', errors)
    ask(page, DEMO_QUESTION, demo_picture_path())
    page.locator(".stage").first.wait_for(timeout=MOST_MILLISECONDS)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Ask")).to_be_visible()
    expect(page.locator(".turn.ai .stopped")).to_be_visible()
    assert page.locator(".stage").count() >= 1
    assert page.locator(".turn.ai .text").count() == 0

    ask(page, DEMO_QUESTION)
    assert wait_for_answer(page) == "6"
    assert page.locator(".turn.ai").count() == 2
    assert errors == []
    page.close()


def test_what_is_wrong_with_a_run_is_told(browser: Browser, address: str) -> None:
    page = open_page(browser, f'{address}?context={{"candidates":65}}', [])
    ask(page, DEMO_QUESTION, demo_picture_path())
    expect(page.locator(".error")).to_have_text("candidates is 65; it must be a whole number from 1 to 64.")
    page.close()
