"""A journal whose disk is full holds whole lines still."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from langchain_llava_o1.data.annotation.graded_answers import GradedAnswers
from langchain_llava_o1.data.annotation.journal import Journal, RecordedReply, Refusal
from langchain_llava_o1.data.annotation.pair_file import PairFile
from langchain_llava_o1.data.annotation.question import Question
from tests.data.annotation.teaching import open_questions, read_json_lines
from tests.data.sets import staged

REPLY = RecordedReply("q0", 1, "teacher", "key", {"content": "seven"}, 10, 3)


@pytest.fixture
def fill_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let so many further bytes be written, and no more; a number below 0 frees the disk again."""
    real, left = os.write, -1

    def write(file: int, data: bytes) -> int:
        nonlocal left
        if left < 0:
            return real(file, data)
        if left == 0:
            raise OSError("the disk is full")
        number = real(file, data[:left])
        left -= number
        return number

    def fill(num_bytes: int) -> None:
        nonlocal left
        left = num_bytes

    monkeypatch.setattr(os, "write", write)
    return fill


def test_a_record_that_does_not_fit_is_taken_back(tmp_path: Path, fill_disk: Callable[[int], None]) -> None:
    journal = Journal(tmp_path, {})
    journal.write(REPLY)
    fill_disk(20)
    with pytest.raises(OSError, match="full"):
        journal.write(REPLY)
    fill_disk(-1)
    journal.write(Refusal("q1", "refused", "why", 1))
    journal.close()
    assert [each["kind"] for each in read_json_lines(journal.path)] == ["reply", "refusal"]


def test_a_pair_that_does_not_fit_is_taken_back(tmp_path: Path, fill_disk: Callable[[int], None]) -> None:
    (example,) = open_questions(tmp_path, "7")
    path = tmp_path / "pairs.jsonl"
    file = PairFile(path, {}, {"q0": ""}, form="preference", max_pairs=2)
    answers = GradedAnswers((staged(), staged(caption="Dots.")), (staged(conclusion="8"), "9"), 0)
    question = Question(example, ())
    fill_disk(20)
    with pytest.raises(OSError, match="full"):
        file.keep(question, answers)
    assert path.read_bytes() == b""
    fill_disk(-1)
    file.keep(question, answers)
    file.close()
    assert [pair["id"] for pair in read_json_lines(path)] == ["q0-1", "q0-2"]
