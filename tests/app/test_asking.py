"""What the page shows of a search, drawing by drawing."""

import re
from pathlib import Path
from typing import Any

import pytest

from langchain_llava_o1 import ChatLlavaO1
from langchain_llava_o1.app.asking import show_search
from langchain_llava_o1.search.catalogue import DEFAULT_SEARCH
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.tiny import demo_picture_path
from tests.scripted_model import ScriptedModel

PICTURE = str(demo_picture_path())


def settings(search: str = DEFAULT_SEARCH, judge: str | None = None, **given: Any) -> Strategy:
    return Strategy(search, judge, {"candidates": 3, "seed": 1, **given})


async def drawings(
    model: ScriptedModel,
    picture: str | None = PICTURE,
    question: str = "How many?",
    chosen: Any = None,
) -> list[str]:
    searched = show_search(model, picture, question, chosen or settings(), key="one")
    return [each.html async for each in searched]


async def test_stages_fill_in_and_the_last_drawing_has_the_answer() -> None:
    model = ScriptedModel(delay=0.1)
    drawn = await drawings(model)
    num_steps = [each.count('class="step card"') for each in drawn]
    assert num_steps == sorted(num_steps)
    assert (num_steps[0], num_steps[-1]) == (0, 4)
    assert len(set(num_steps)) == 5
    assert all('role="status"' in each for each in drawn[:-1])
    assert 'class="answer"' in drawn[-1]
    assert "reading the picture" in drawn[0]
    assert "starting" in drawn[1]
    assert all('class="spinner"' in each for each in drawn[:-1])
    assert 'class="spinner"' not in drawn[-1]
    assert 'id="step-one-1"' in drawn[-1]


async def test_the_last_drawing_comes_with_the_result() -> None:
    searched = show_search(ScriptedModel(), PICTURE, "How many?", settings(), key="one")
    *others, last = [each.result async for each in searched]
    assert others == [None] * len(others)
    assert last is not None
    assert last.settings["seed"] == 1
    assert last.question == "How many?"


async def test_loading_the_model_is_told_before_the_search_begins() -> None:
    model = ChatLlavaO1(model="tiny")
    statuses = []
    async for drawing in show_search(model, PICTURE, "How many?", settings(candidates=1), key="one"):
        statuses += re.findall(r'role="status">.*?<span class="words">(.*?)</span>', drawing.html)
    assert statuses[:3] == ["reading the picture", "loading the model tiny", "starting"]
    again = show_search(model, PICTURE, "How many?", settings(candidates=1), key="one")
    assert ["loading the model" in drawing.html async for drawing in again].count(True) == 0


async def test_a_model_that_cannot_be_loaded_is_told() -> None:
    searched = show_search(ChatLlavaO1(model="/nowhere"), PICTURE, "How many?", settings(), key="one")
    *_, last = [drawing.html async for drawing in searched]
    assert 'role="alert"' in last
    assert "/nowhere" in last


async def test_the_question_reaches_the_model_with_its_picture() -> None:
    model = ScriptedModel()
    await drawings(model, question="  How many? ")
    blocks = model.calls[0].messages[0].content_blocks
    assert [block["type"] for block in blocks] == ["image", "text"]
    assert blocks[1].get("text") == "How many?"


@pytest.mark.parametrize(
    ("picture", "question", "chosen", "told"),
    [
        (None, "How many?", settings(), "There is no picture."),
        (PICTURE, "  ", settings(), "The question is empty."),
        (PICTURE, "How many?", settings(candidates=65), "candidates is 65; it must be a whole number from 1"),
        (PICTURE, "How many?", settings(candidates=0), "candidates is 0; it must be"),
        (PICTURE, "How many?", settings(candidates=2.5), "candidates is 2.5; it must be"),
        (PICTURE, "How many?", settings(seed=-1), "seed is -1; it must be"),
        (
            PICTURE,
            "How many?",
            settings("swires", "generative"),
            "swires works with scores",
        ),
    ],
)
async def test_what_cannot_be_asked_is_told(
    picture: str | None, question: str, chosen: Any, told: str
) -> None:
    model = ScriptedModel()
    drawn = await drawings(model, picture, question, chosen)
    assert 'role="alert"' in drawn[-1]
    assert told in drawn[-1]
    assert model.calls == []


async def test_a_broken_picture_is_told_by_its_name(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"<script>")
    *_, drawn = await drawings(ScriptedModel(), str(broken))
    assert "broken.png: The 8 bytes" in drawn
    assert str(tmp_path) not in drawn
    assert "<script>" not in drawn


async def test_a_failure_leaves_what_was_there_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    def write(call: Any) -> str:
        if call.stage.name == "caption":
            raise RuntimeError("no memory <left>")
        return f"{call.stage.opening}count{call.stage.closing}"

    drawn = await drawings(ScriptedModel(write=write))
    assert "Unexpected RuntimeError: no memory &lt;left&gt;" in drawn[-1]
    assert 'id="step-one-1"' in drawn[-1]
    assert "no memory" in caplog.text
