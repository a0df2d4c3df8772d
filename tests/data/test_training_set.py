"""An example as LangChain messages and as a row of `datasets`."""

import sys
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from langchain_llava_o1.data.example import Example, Turn
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.data.placing import count_pictures
from langchain_llava_o1.data.training_set import TrainingSet
from langchain_llava_o1.errors import ConfigurationError, ImageError
from langchain_llava_o1.pictures.blocks import bytes_of
from langchain_llava_o1.staging.transcript import parse_transcript
from tests.data.sets import conversation, draw, staged, write_pictures, write_set, write_zip


def open_one(tmp_path: Path, record: dict[str, Any]) -> TrainingSet:
    write_pictures(tmp_path, "red", "teal")
    return open_training_set(write_set(tmp_path / "train.jsonl", record))


def blocks_of(message: Any) -> list[Any]:
    return [block.get("text") or bytes_of(block) for block in message.content]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How many?", [draw("red"), draw("teal"), "How many?"]),
        ("<image>\n<image>\nHow many?", [draw("red"), draw("teal"), "How many?"]),
        ("Is <image> more than <image>?", ["Is", draw("red"), "more than", draw("teal"), "?"]),
        ("<image> How many?", [draw("red"), draw("teal"), "How many?"]),
    ],
    ids=["no-places", "places-in-front", "places-within", "too-few-places"],
)
def test_pictures_stand_where_the_question_has_a_place(
    tmp_path: Path, question: str, expected: list[Any]
) -> None:
    opened = open_one(tmp_path, conversation(image=["red.png", "teal.png"], question=question))
    asked, answered = opened.to_messages(opened.find("a"))
    assert isinstance(asked, HumanMessage)
    assert blocks_of(asked) == expected
    assert isinstance(answered, AIMessage)
    assert parse_transcript(answered.text).conclusion == "Seven"


def test_a_conversation_of_several_turns_shows_its_picture_once(tmp_path: Path) -> None:
    record = conversation(image="red.png")
    record["conversations"] += [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": staged()}]
    opened = open_one(tmp_path, record)
    messages = opened.to_messages(opened.find("a"))
    assert [message.type for message in messages] == ["human", "ai", "human", "ai"]
    assert blocks_of(messages[0]) == [draw("red"), "How many?"]
    assert blocks_of(messages[2]) == ["Why?"]


def test_a_question_without_a_picture_has_a_text_alone(tmp_path: Path) -> None:
    opened = open_one(tmp_path, conversation())
    assert opened.to_messages(opened.find("a"))[0].text == "How many?"


def test_a_missing_picture_is_told_with_its_line(tmp_path: Path) -> None:
    opened = open_one(tmp_path, conversation(image="blue.png"))
    with pytest.raises(ImageError, match=r"train\.jsonl:1: .*blue\.png"):
        opened.to_messages(opened.find("a"))
    (problem,) = opened.find_missing_pictures(opened.find("a"))
    assert (problem.line, problem.field, problem.kind) == (1, "image", "missing picture")


def test_a_missing_library_is_told_with_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ConfigurationError, match=r'pip install "langchain-llava-o1\[data\]"'):
        open_one(tmp_path, conversation()).to_datasets()


def test_a_set_becomes_a_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("datasets")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    path = write_set(tmp_path / "train.jsonl", conversation(image="red.png"), conversation("b"))
    rows = open_training_set(path, pictures=write_zip(tmp_path / "p.zip", "red")).to_datasets()
    assert rows["id"] == ["a", "b"]
    assert rows[0]["images"][0].size == (12, 8)
    assert rows[1]["images"] == []
    assert [turn["from"] for turn in rows[0]["conversations"]] == ["human", "gpt"]


def test_pictures_are_counted_up_to_each_question() -> None:
    turns = tuple(
        Turn(speaker, text)
        for speaker, text in (
            ("human", "<image>\nA?"),
            ("gpt", "a"),
            ("human", "B?"),
            ("gpt", "b"),
            ("human", "<image>\nC?"),
            ("gpt", "c"),
        )
    )
    assert count_pictures(Example("1", ("a.png", "b.png"), turns)) == [1, 1, 2]
    # Without a place for each, all are shown at first.
    assert count_pictures(Example("1", ("a.png", "b.png", "c.png"), turns)) == [3, 3, 3]
