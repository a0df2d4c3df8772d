"""Which lines are learned, and which are measured with."""

import json
from pathlib import Path

import pytest
from PIL import Image

from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.data.problem import Problem
from langchain_llava_o1.errors import DataError
from langchain_llava_o1.training.samples import read_usable, split
from tests.training.sets import conversation, staged

ANSWER = staged("A colour.", "One area.", "It is red.", "red")


def line(id: str | None, *, question: str = "<image>\nWhich colour?", answer: str = ANSWER) -> str:
    record = {"id": id, "image": "red.png"}
    turns = [{"from": "human", "value": question}, {"from": "gpt", "value": answer}]
    return json.dumps(
        {name: value for name, value in record.items() if value is not None} | {"conversations": turns}
    )


def test_lines_that_can_be_used_are_used_whatever_else_is_told_of_them(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), "red").save(tmp_path / "red.png")
    path = tmp_path / "set.jsonl"
    two_places = "<image> <image>\nWhich colour?"
    path.write_text(
        "\n".join([line("1"), line("1"), line(None), line("4", question=two_places), line("5", answer="red")])
    )
    problems: list[Problem] = []
    usable = read_usable(open_training_set(path), problems.append)
    assert [example.location.line for example in usable] == [1, 2, 3, 4]
    assert {problem.line for problem in problems} == {2, 3, 4, 5}
    assert {problem.line for problem in problems if problem.is_left_out} == {5}


def test_only_what_can_be_measured_with_is_held_out() -> None:
    examples = [conversation((f"Question {number}?", "Yes")) for number in range(10)]
    chosen = split(examples, 3, 0).held_out
    unmeasurable = chosen[1]
    parts = split(examples, 3, 0, lambda example: example is not unmeasurable)
    assert len(parts.held_out) == 3
    assert unmeasurable in parts.training
    # The others stay those of the seed.
    assert chosen[0] in parts.held_out
    assert chosen[2] in parts.held_out
    with pytest.raises(DataError, match="only 1 can be measured with"):
        split(examples, 3, 0, lambda example: example is unmeasurable)
