"""A data set in the published format: JSON, one conversation a line."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from langchain_llava_o1.data.example import Example, ReadLine
from langchain_llava_o1.data.formats.json_line import read_line
from langchain_llava_o1.data.formats.lines import Line, LineIndex, read_lines
from langchain_llava_o1.data.picture_files.picture_files import PictureFiles
from langchain_llava_o1.data.problem import Location, Problem
from langchain_llava_o1.data.training_set import TrainingSet
from langchain_llava_o1.errors import ConfigurationError, DataError


class ConversationFile(TrainingSet):
    """A file of conversations. Examples are also found by their number and by their id.

    The first look-up by number reads where lines begin, the first one by id reads the ids; either takes
    seconds for 100,000 lines.
    """

    def __init__(self, path: Path, pictures: PictureFiles) -> None:
        """Open the file; nothing but its beginning is read.

        Raises:
            ConfigurationError: If the file is one JSON list, and not an object a line.
        """
        super().__init__(path, pictures)
        first = next(read_lines(path), None)
        if first is not None and first.text.lstrip(b"\xef\xbb\xbf \t").startswith(b"["):
            raise ConfigurationError(
                f"{path} is one JSON list. Write one object a line: jq -c '.[]' {path.name} > train.jsonl"
            )

    def read_lines(self) -> Iterator[ReadLine]:
        """Read every line that is not blank: its example, and what is wrong with it.

        Of lines with the same id each gives an example; the later ones are told as problems.
        """
        first_lines: dict[str, int] = {}
        for line in read_lines(self.path):
            read = self._read(line)
            if read.example is None:
                yield read
                continue
            first_line = first_lines.setdefault(read.example.id, line.number)
            if first_line == line.number:
                yield read
            else:
                yield replace(read, problems=(*read.problems, _repeated_id(read.example, first_line)))

    @property
    def num_lines(self) -> int:
        """How many lines are not blank, whether they can be used or not."""
        return len(self._index)

    def read_number(self, number: int) -> Example:
        """Return an example by its number among the lines that are not blank, from 0.

        Raises:
            DataError: If there are not so many, or the line cannot be used.
        """
        if not 0 <= number < self.num_lines:
            raise DataError(
                f"{self.path} has {self.num_lines} lines, numbered from 0; there is no number {number}."
            )
        read = self._read(self._index.read(number))
        if read.example is None:
            raise DataError(" ".join(str(problem) for problem in read.problems if problem.is_left_out))
        return read.example

    def find(self, id: str) -> Example:
        """Return the first example with an id.

        Raises:
            DataError: If there is none.
        """
        if id not in self._numbers_by_id:
            raise DataError(f"{self.path} has no example with the id {id!r}. Check the id.")
        return self.read_number(self._numbers_by_id[id])

    @cached_property
    def _index(self) -> LineIndex:
        return LineIndex(self.path)

    @cached_property
    def _numbers_by_id(self) -> dict[str, int]:
        numbers: dict[str, int] = {}
        for number, line in enumerate(read_lines(self.path)):
            if (example := self._read(line).example) is not None:
                numbers.setdefault(example.id, number)
        return numbers

    def _read(self, line: Line) -> ReadLine:
        return read_line(line.text, Location(str(self.path), line.number))


def _repeated_id(example: Example, first_line: int) -> Problem:
    return example.location.problem(
        "id",
        "repeated id",
        f"{example.id!r} is the id of line {first_line}, too",
        expected="an id of its own",
        fix="Rename one of them; look-ups by id find the first.",
    )
