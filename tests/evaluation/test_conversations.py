"""`bench accuracy --turns`: a hosted model is asked questions about a picture, one after the other."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from langchain_llava_o1.cli.app import app
from langchain_llava_o1.evaluation.benchmark import open_benchmark
from langchain_llava_o1.pictures.base64_text import write_data_url
from tests.chat_completions import Body, serving, text_of
from tests.data.sets import staged
from tests.evaluation.benchmark_files import write_published

Messages = list[dict[str, Any]]
NUM_ITEMS, NUM_TURNS = 4, 3
SCENES = open_benchmark("scenes")
ITEMS = {item.question: item for item in map(SCENES.read_item, range(NUM_ITEMS))}
MISTAKEN = SCENES.read_item(NUM_ITEMS - 1)
"""The model is mistaken about it in conversations, too."""


def answer(messages: Messages) -> str:
    """Answer the third question of a conversation right, but about one picture; anything else wrong."""
    number = len(questions_in(messages))
    item = next((item for text, item in ITEMS.items() if text in text_of(messages[-1])), None)
    conclusion = "nothing"
    if item is not None and number == NUM_TURNS and item.id != MISTAKEN.id:
        conclusion = item.reference.conclusions(item.reference.content)[0]
    return staged(reasoning=f"thought {number}", conclusion=conclusion)


def questions_in(messages: Messages) -> list[str]:
    return [text_of(message) for message in messages if message["role"] == "user"]


def pictures_in(message: dict[str, Any]) -> list[str]:
    content = message["content"]
    if isinstance(content, str):
        return []
    return [block["image_url"]["url"] for block in content if block["type"] == "image_url"]


@pytest.fixture(scope="module")
def measured() -> tuple[dict[str, Any], list[Messages]]:
    """Measure a served model: the report, and the conversations that were sent."""
    asked: list[Messages] = []

    def reply(body: Body) -> str:
        asked.append(body["messages"])
        return answer(body["messages"])

    with serving(reply) as address:
        options = ("--strategy", "greedy", "--items", str(NUM_ITEMS), "--turns", str(NUM_TURNS), "--json")
        command = ["bench", "accuracy", "--model", "served", "--base-url", address, *options]
        result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout), asked


def test_the_last_answer_alone_is_graded(measured: tuple[dict[str, Any], list[Messages]]) -> None:
    report, _ = measured
    alone, later = report["alone"], report["in_conversation"]
    assert (alone["accuracy"], later["accuracy"]) == (0, 3 / 4)
    assert report["difference_in_points"] == 75
    assert (alone["items"], later["items"]) == (NUM_ITEMS, NUM_ITEMS)
    assert later["by_kind"][MISTAKEN.kind]["accuracy"] < 1
    # What earlier answers took counts, too.
    assert (alone["tokens"], later["tokens"]) == (20 * NUM_ITEMS, 20 * NUM_ITEMS * NUM_TURNS)


def test_earlier_turns_are_sent(measured: tuple[dict[str, Any], list[Messages]]) -> None:
    _, asked = measured
    lengths = Counter(len(messages) for messages in asked)
    # Alone, and as the first, the second and the third question of a conversation.
    assert lengths == {1: 2 * NUM_ITEMS, 3: NUM_ITEMS, 5: NUM_ITEMS}
    for number, item in enumerate(ITEMS.values()):
        last = next(each for each in asked if len(each) == 5 and item.question in text_of(each[-1]))
        assert [message["role"] for message in last] == ["user", "assistant"] * 2 + ["user"]
        earlier = SCENES.read_earlier_questions(number, NUM_TURNS - 1)
        assert questions_in(last)[:-1] == list(earlier)
        picture = write_data_url("image/png", item.pictures[0])
        assert [pictures_in(message) for message in last] == [[picture], [], [], [], []]
        # Of an earlier answer, the conclusion.
        assert [text_of(message) for message in last[1::2]] == ["nothing"] * 2


def test_a_benchmark_of_single_questions_has_no_conversations(tmp_path: Path) -> None:
    write_published(tmp_path, "mmstar")
    asked: list[Messages] = []

    def reply(body: Body) -> str:
        asked.append(body["messages"])
        return answer(body["messages"])

    with serving(reply) as address:
        options = ("--benchmark", "mmstar", "--data", str(tmp_path), "--strategy", "greedy", "--turns", "2")
        command = ["bench", "accuracy", "--model", "served", "--base-url", address, *options]
        result = CliRunner().invoke(app, command)
    assert result.exit_code == 2
    assert "mmstar has single questions, no conversations; got 2 turns." in " ".join(result.stderr.split())
    assert not asked
