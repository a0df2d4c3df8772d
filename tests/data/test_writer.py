"""Writing a set: a program that is killed leaves it readable, and the next one goes on."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langchain_llava_o1.data.example import Example, Turn
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.data.writer import TrainingSetWriter
from langchain_llava_o1.errors import DataError
from tests.data.sets import conversation, draw, staged, write_set

EXAMPLE = Example("a", (), (Turn("human", "<image>How many? ✓"), Turn("gpt", staged())))


def ids_in(path: Path) -> list[str]:
    return [example.id for example in open_training_set(path)]


@settings(max_examples=40)
@given(data=st.data())
def test_a_writer_that_was_killed_anywhere_leaves_whole_lines(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("set") / "train.jsonl"
    with TrainingSetWriter(path) as writer:
        for id in "abc":
            writer.append(replace(EXAMPLE, id=id))
    whole = path.read_bytes()
    length = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:length])
    num_whole = whole[:length].count(b"\n")
    with TrainingSetWriter(path) as writer:
        # Nothing but the end of line may be missing; then the example is kept.
        num_kept = num_whole + (whole[length : length + 1] == b"\n" and length > 0)
        assert [id in writer for id in "abc"] == [number < num_kept for number in range(3)]
        assert bool(writer.num_dropped_bytes) == (whole[:length].rpartition(b"\n")[2] != b"") - (
            num_kept > num_whole
        )
        for id in "abc":
            if id not in writer:
                writer.append(replace(EXAMPLE, id=id))
    assert path.read_bytes() == whole


def test_pictures_are_copied_once_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "train.jsonl"
    with TrainingSetWriter(path) as writer:
        writer.append(EXAMPLE, [draw("red")])
        writer.append(replace(EXAMPLE, id="b"), [draw("red"), draw("teal", file_format="JPEG")])
    opened = open_training_set(path)
    first, second = opened
    assert first.pictures[0] == second.pictures[0]
    assert second.pictures[1].endswith(".jpg")
    assert [opened.pictures.read(reference) for reference in second.pictures] == [
        draw("red"),
        draw("teal", file_format="JPEG"),
    ]
    assert len([file for file in path.parent.rglob("*") if file.is_file()]) == 3


def test_paths_are_kept_where_nothing_is_to_be_copied(tmp_path: Path) -> None:
    with TrainingSetWriter(tmp_path / "train.jsonl") as writer:
        writer.append(replace(EXAMPLE, pictures=("sqa/1.png",)))
    assert json.loads((tmp_path / "train.jsonl").read_text())["image"] == "sqa/1.png"


@pytest.mark.parametrize(
    ("example", "pictures", "message"),
    [
        (replace(EXAMPLE, id="there"), None, "already"),
        (replace(EXAMPLE, id=" "), None, "expected a text or a number"),
        (replace(EXAMPLE, turns=EXAMPLE.turns[:1]), None, "question without|the last of 1 turns"),
        (replace(EXAMPLE, extra={"id": "other"}), None, "has id in extra"),
        (replace(EXAMPLE, extra={"when": object()}), None, "cannot be written as JSON"),
        (EXAMPLE, [b"no picture"], "no picture in a known format"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(
    tmp_path: Path, example: Example, pictures: list[bytes] | None, message: str
) -> None:
    path = write_set(tmp_path / "train.jsonl", conversation("there"))
    before = path.read_bytes()
    with TrainingSetWriter(path) as writer, pytest.raises(DataError, match=message):
        writer.append(example, pictures)
    assert path.read_bytes() == before


def test_a_line_that_fails_half_way_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_set(tmp_path / "train.jsonl", conversation("there"))
    before = path.read_bytes()

    with TrainingSetWriter(path) as writer:
        with monkeypatch.context() as patch:
            patch.setattr("os.write", _fail_after(20))
            with pytest.raises(OSError, match="full"):
                writer.append(EXAMPLE)
        assert path.read_bytes() == before
        writer.append(EXAMPLE)
    assert ids_in(path) == ["there", "a"]


def _fail_after(num_bytes: int):  # noqa: ANN202  # a stand-in for os.write
    import os

    real, calls = os.write, []

    def write(file: int, data: bytes) -> int:
        if calls:
            raise OSError("the disk is full")
        calls.append(file)
        return real(file, data[:num_bytes])

    return write
