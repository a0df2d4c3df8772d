"""What is learned is known again: a run goes on with the same data, read in the same way."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from langchain_llava_o1.data.formats.question_table import Columns
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.data.picture_files.picture_files import open_picture_files
from langchain_llava_o1.data.problem import Location, Problem
from langchain_llava_o1.data.training_set import TrainingSet
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.training.run_folder import RunFolder
from langchain_llava_o1.training.task import LeftOutLines, learn_answers, learn_preferences


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two questions, each with two answers."""
    folder = tmp_path / "set"
    folder.mkdir()
    Image.new("RGB", (8, 8)).save(folder / "a.png")
    rows = [
        {"id": str(number), "image": "a.png", "question": "Which?", "answer": "red", "short": "r"}
        for number in range(2)
    ]
    path = folder / "table.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def begin(training_set: TrainingSet, out: Path) -> None:
    folder = RunFolder(out)
    folder.begin(learn_answers(training_set).as_json())
    folder.cut_log(0)


def test_an_edit_of_as_many_bytes_is_told(table: Path, tmp_path: Path) -> None:
    begin(open_training_set(table), tmp_path / "run")
    begin(open_training_set(table), tmp_path / "run")
    table.write_text(table.read_text().replace("red", "tan"))
    with pytest.raises(ConfigurationError, match=r"data_sha256 is .* The file of the data has changed"):
        begin(open_training_set(table), tmp_path / "run")


def test_other_columns_are_told(table: Path, tmp_path: Path) -> None:
    begin(open_training_set(table), tmp_path / "run")
    with pytest.raises(ConfigurationError, match="columns are read as others"):
        begin(open_training_set(table, columns=Columns(answer="short")), tmp_path / "run")


def test_other_pictures_are_told(table: Path, tmp_path: Path) -> None:
    shutil.copytree(table.parent, tmp_path / "others")
    begin(open_training_set(table), tmp_path / "run")
    with pytest.raises(ConfigurationError, match="pictures is 'beside the data' there"):
        begin(open_training_set(table, pictures=tmp_path / "others"), tmp_path / "run")


def test_data_is_the_same_from_wherever_it_is_named(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(open_training_set(table), tmp_path / "run")
    monkeypatch.chdir(table.parent)
    begin(open_training_set(table.name), tmp_path / "run")


def test_pairs_are_known_by_their_bytes_their_pictures_and_beta(table: Path, tmp_path: Path) -> None:
    def task(beta: float = 0.1, pictures: Path = table.parent) -> dict[str, Any]:
        return learn_preferences(table, open_picture_files(pictures), beta).as_json()

    begun = task()
    assert begun == task()
    assert begun["data_sha256"] == hashlib.sha256(table.read_bytes()).hexdigest()
    assert begun != task(beta=0.2)
    assert begun != task(pictures=tmp_path)
    table.write_text(table.read_text().replace("red", "tan"))
    assert begun != task()


def test_lines_with_several_problems_are_left_out_once() -> None:
    told: list[Problem] = []
    left_out = LeftOutLines(told.append)
    for line, is_left_out in ((1, True), (1, True), (2, False), (3, True)):
        location = Location("set.jsonl", line)
        left_out(location.problem("", "kind", "found", expected="", fix="", is_left_out=is_left_out))
    assert left_out.count == 2
    assert len(told) == 4
