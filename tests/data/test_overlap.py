"""Items of a benchmark are found in a training set by their pixels and by their words."""

from pathlib import Path

import pytest

from langchain_llava_o1.data.opening import open_evaluation_set, open_training_set
from langchain_llava_o1.data.overlap import OverlapReport, Trait, find_overlap
from tests.data.sets import conversation, draw, in_base64, write_benchmark, write_pictures, write_set


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    options = {"A": "red", "B": "blue", "answer": "A"}
    return write_benchmark(
        tmp_path / "Bench.tsv",
        {"index": "1", "image": in_base64("red"), "question": "Which colour is it?", **options},
        {"index": "2", "image": in_base64("teal"), "question": "How many?", "hint": "Look.", "answer": "4"},
    )


def compare(path: Path, bench: Path, *compared: Trait) -> OverlapReport:
    return find_overlap(
        open_training_set(path), [open_evaluation_set(bench)], compared=compared or ("picture", "question")
    )


def test_what_is_shared_is_told_by_line_and_item(tmp_path: Path, bench: Path) -> None:
    write_pictures(tmp_path, "green", "teal")
    (tmp_path / "renamed.bmp").write_bytes(draw("red", file_format="BMP"))
    path = write_set(
        tmp_path / "train.jsonl",
        conversation("pixels", image="renamed.bmp", question="Is it nice?"),
        conversation("clean", image="green.png", question="Is it green?"),
        conversation("words", image="green.png", question="<image>\nWhich colour  IS it"),
        conversation("options", question="Which colour is it?\n(A) red\n(B) blue\nAnswer with the letter."),
        conversation("both", image="teal.png", question="How many?"),
    )
    report = compare(path, bench)
    assert [(found.id, found.items, found.shared) for found in report.overlaps] == [
        ("pixels", ("1",), ("picture",)),
        ("words", ("1",), ("question",)),
        ("options", ("1",), ("question",)),
        ("both", ("2",), ("picture", "question")),
    ]
    assert report.overlaps[0].location == f"{path}:1"
    (found,) = report.benchmarks
    assert (found.num_items, found.num_items_found, found.num_examples) == (2, 2, 4)
    assert found.by_trait == {"picture": 1, "question": 2, "picture and question": 1}
    assert not report.is_clean


def test_one_trait_alone_can_be_compared(tmp_path: Path, bench: Path) -> None:
    write_pictures(tmp_path, "red")
    path = write_set(tmp_path / "train.jsonl", conversation(image="red.png", question="Is it nice?"))
    assert compare(path, bench, "question").is_clean
    assert not compare(path, bench, "picture").is_clean


def test_a_copy_of_another_size_is_not_found_as_is_said(tmp_path: Path, bench: Path) -> None:
    (tmp_path / "large.png").write_bytes(draw("red", size=(24, 16)))
    path = write_set(tmp_path / "train.jsonl", conversation(image="large.png", question="Is it nice?"))
    assert compare(path, bench).is_clean


def test_what_was_not_compared_is_told(tmp_path: Path, bench: Path) -> None:
    path = write_set(tmp_path / "train.jsonl", "{", conversation(image="none.png", question="Is it nice?"))
    report = compare(path, bench)
    assert (report.is_clean, report.num_unread_pictures, report.num_examples) == (True, 1, 1)
    assert [problem.line for problem in report.problems] == [1]
