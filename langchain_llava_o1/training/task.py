"""What a run learns: by which method, and from which data, so that both are known again."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from langchain_llava_o1.data.picture_files.picture_files import PictureFiles, open_picture_files
from langchain_llava_o1.data.problem import Problem
from langchain_llava_o1.data.training_set import TrainingSet

_COMPARED_EXAMPLES = 100


@dataclass(frozen=True)
class Method:
    """A way to learn, in the words that its figures are told with.

    Attributes:
        name: What it is called.
        samples: What is learned from.
        loss: What the loss is while it learns.
        held_out_loss: What is measured with held-out samples.
    """

    name: str
    samples: str
    loss: str
    held_out_loss: str


SFT = Method(
    "supervised fine-tuning",
    samples="questions",
    loss="loss of a token",
    held_out_loss="loss of a token, as the mean over held-out questions of each one's mean",
)
DPO = Method(
    "DPO (arXiv 2305.18290)",
    samples="pairs of answers",
    loss="DPO loss of a pair",
    held_out_loss="DPO loss, as the mean over held-out pairs",
)


@dataclass(frozen=True)
class Task:
    """What one run learns.

    Attributes:
        method: How.
        data: The file that is learned from.
        sha256: Digest of that file.
        pictures: Where its pictures are.
        reading: Digest of the first examples as they are read, which depends on the columns; empty for a file
            that is read in one way only.
        options: What the method has beside the settings of all training.
    """

    method: Method
    data: Path
    sha256: str
    pictures: str
    reading: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return plain data, by which a run knows its task again."""
        return {
            **self.options,
            "data": str(self.data.resolve()),
            "data_sha256": self.sha256,
            "first_examples_as_read": self.reading,
            "pictures": self.pictures,
        }


def learn_answers(training_set: TrainingSet) -> Task:
    """Name the task of learning the answers of a set."""
    path = training_set.path
    read = hashlib.sha256()
    for example in islice(training_set, _COMPARED_EXAMPLES):
        turns = [(turn.speaker, turn.text) for turn in example.turns]
        read.update(json.dumps([example.id, example.pictures, turns]).encode() + b"\n")
    place = _name_place(training_set.pictures, path)
    return Task(SFT, path, compute_digest(path), place, reading=read.hexdigest())


def learn_preferences(path: Path, pictures: PictureFiles, beta: float) -> Task:
    """Name the task of learning which of two answers is better, from a file of pairs."""
    return Task(DPO, path, compute_digest(path), _name_place(pictures, path), options={"beta": beta})


def compute_digest(path: Path) -> str:
    """Compute the SHA-256 of a file, which need not fit into memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _name_place(pictures: PictureFiles, data: Path) -> str:
    """Name where pictures are; beside the data it is the same place, from wherever the file is named."""
    place = str(pictures)
    return "beside the data" if place == str(open_picture_files(data.parent)) else place


class LeftOutLines:
    """Counts the lines that are left out, and passes on what is wrong with them.

    Attributes:
        count: How many there are.
    """

    def __init__(self, report_problem: Callable[[Problem], None]) -> None:
        """Choose who is told of a problem."""
        self._report_problem = report_problem
        self._numbers: set[int] = set()

    @property
    def count(self) -> int:
        """How many lines are left out."""
        return len(self._numbers)

    def __call__(self, problem: Problem) -> None:
        """Take a problem of a line."""
        if problem.is_left_out:
            self._numbers.add(problem.line)
        self._report_problem(problem)
