"""A set of examples, whatever file it is read from: a line at a time, pictures when they are asked for."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_llava_o1.data.example import Example, ReadLine
from langchain_llava_o1.data.messages import write_messages
from langchain_llava_o1.data.picture_files.picture_files import PictureFiles
from langchain_llava_o1.data.problem import Problem
from langchain_llava_o1.errors import ConfigurationError, DataError, ImageError
from langchain_llava_o1.pictures.picture import Picture

if TYPE_CHECKING:
    from datasets import Dataset
    from langchain_core.messages import BaseMessage


class TrainingSet(ABC):
    """Examples in a file, read lazily.

    Iterating gives the examples in the order of the file and passes over lines that cannot be used;
    ``read_lines`` tells of those, too.

    Attributes:
        path: The file.
        pictures: Where its pictures are.
    """

    def __init__(self, path: Path, pictures: PictureFiles) -> None:
        """Take the file and its pictures."""
        self.path = path
        self.pictures = pictures

    @abstractmethod
    def read_lines(self) -> Iterator[ReadLine]:
        """Read every line that is not blank: its example, and what is wrong with it.

        No line is too broken for this; the lines after it go on.
        """

    def __iter__(self) -> Iterator[Example]:
        return (line.example for line in self.read_lines() if line.example is not None)

    def read_examples(self, report_problem: Callable[[Problem], None]) -> Iterator[Example]:
        """Read the examples in the order of the file.

        Args:
            report_problem: Called with each problem of a line, whether the line gives an example or not.
        """
        for line in self.read_lines():
            for problem in line.problems:
                report_problem(problem)
            if line.example is not None:
                yield line.example

    def find(self, id: str) -> Example:
        """Return the first example with an id.

        Raises:
            DataError: If there is none.
        """
        found = next((example for example in self if example.id == id), None)
        if found is None:
            raise DataError(f"{self.path} has no example with the id {id!r}. Check the id.")
        return found

    def find_missing_pictures(self, example: Example) -> list[Problem]:
        """Return a problem for each picture of an example that has no file."""
        return [
            example.location.problem(
                example.picture_field(number),
                "missing picture",
                f"there is no {reference} in {self.pictures}",
                expected="a picture file",
                fix="Add the file, or name the folder or zip of the pictures.",
            )
            for number, reference in enumerate(example.pictures)
            if not self.pictures.has(reference)
        ]

    def open_pictures(self, example: Example) -> list[Picture]:
        """Read and decode the pictures of an example.

        Raises:
            ImageError: If one is missing or broken; it names file and line.
        """
        opened = []
        for reference in example.pictures:
            try:
                opened.append(self.pictures.open(reference))
            except ImageError as error:
                raise ImageError(f"{example.location}: {error}") from error
        return opened

    def to_messages(self, example: Example) -> "list[BaseMessage]":
        """Write an example as LangChain messages: pictures and questions, and answers with their stages.

        Pictures stand where the questions have a place for them, otherwise before the first question.

        Raises:
            ImageError: If a picture is missing or broken.
        """
        return write_messages(example, self.open_pictures(example))

    def to_datasets(self) -> "Dataset":
        """Write the set as a ``datasets.Dataset`` with the columns ``id``, ``images`` and ``conversations``.

        Pictures are decoded by that library when a row is read. Examples whose pictures are missing raise an
        ``ImageError``.

        Raises:
            ConfigurationError: If the library is missing.
        """
        try:
            import datasets
        except ImportError as error:
            raise ConfigurationError(
                'to_datasets() needs a library that is missing: pip install "langchain-llava-o1[data]".'
            ) from error
        status = self.path.stat()
        features = datasets.Features(
            {
                "id": datasets.Value("string"),
                "images": datasets.List(datasets.Image()),
                "conversations": datasets.List(
                    {"from": datasets.Value("string"), "value": datasets.Value("string")}
                ),
            }
        )
        # The library keeps what it made under a digest of these arguments, and the file may change.
        version = f"{status.st_size} {status.st_mtime_ns}"
        return datasets.Dataset.from_generator(
            _make_rows, features=features, gen_kwargs={"training_set": self, "version": version}
        )


def _make_rows(training_set: TrainingSet, version: str) -> Iterator[dict[str, object]]:
    for example in training_set:
        yield {
            "id": example.id,
            "images": [
                {"bytes": training_set.pictures.read(reference), "path": None}
                for reference in example.pictures
            ],
            "conversations": [{"from": turn.speaker, "value": turn.text} for turn in example.turns],
        }
