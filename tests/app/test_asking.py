"""What the page shows of a search, drawing by drawing."""

from pathlib import Path
from typing import Any

import pytest

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
    return [each async for each in show_search(model, picture, question, chosen or settings(), key="one")]


async def test_stages_fill_in_and_the_last_drawing_has_the_answer() -> None:
    model = ScriptedModel(delay=0.1)
    drawn = await drawings(model)
    num_steps = [each.count('class="step card"') for each in drawn]
    assert num_steps == sorted(num_steps)
    assert (num_steps[0], num_steps[-1]) == (0, 4)
    assert len(set(num_steps)) == 5
    assert all('role="status"' in each for each in drawn[:-1])
    assert 'class="answer"' in drawn[-1]
    assert "starting" in drawn[0]
    assert 'id="step-one-1"' in drawn[-1]


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
        (PICTURE, "How many?", settings(candidates=65), "less than or equal to 64"),
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
    (drawn,) = await drawings(ScriptedModel(), str(broken))
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
