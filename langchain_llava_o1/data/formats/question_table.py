"""A table of pictures, questions and answers: CSV, or JSON with one row a line."""

import hashlib
import json
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_llava_o1.data.example import ASSISTANT, HUMAN, Example, ReadLine, Turn
from langchain_llava_o1.data.formats.json_line import read_record
from langchain_llava_o1.data.formats.lines import read_lines
from langchain_llava_o1.data.formats.rows import compare_width, read_rows
from langchain_llava_o1.data.picture_files.picture_files import PictureFiles
from langchain_llava_o1.data.problem import Location, Problem
from langchain_llava_o1.data.training_set import TrainingSet
from langchain_llava_o1.errors import ConfigurationError


@dataclass(frozen=True)
class Columns:
    """Which columns of a table hold what.

    Attributes:
        picture: The path of the picture; may be missing where questions are about no picture.
        question: The question.
        answer: The answer, with or without stages.
        id: What the row is called; where a row has no id, a digest of its picture, question and
            answer is its name, so that rows before it may come and go.
    """

    picture: str = "image"
    question: str = "question"
    answer: str = "answer"
    id: str = "id"

    def check(self, names: Sequence[str], path: Path) -> None:
        """See that a table has the columns of questions and answers.

        Raises:
            ConfigurationError: If it has not.
        """
        if missing := [name for name in (self.question, self.answer) if name not in names]:
            raise ConfigurationError(
                f"{path} has no column {' and no column '.join(map(repr, missing))}; it has "
                f"{', '.join(map(str, names)) or 'none'}. Name the columns of questions and answers."
            )


class QuestionTable(TrainingSet):
    """Rows of a picture, a question and an answer."""

    def __init__(self, path: Path, pictures: PictureFiles, columns: Columns) -> None:
        """Open the file; nothing but its first row is read.

        Raises:
            ConfigurationError: If a column is missing.
        """
        super().__init__(path, pictures)
        self._columns = columns
        columns.check(self._read_names(), path)

    @abstractmethod
    def _read_names(self) -> Sequence[str]:
        """Return the names of the columns."""

    def _read_row(self, row: Mapping[str, Any], location: Location, num_seen: Counter[str]) -> ReadLine:
        """Read a row; ``num_seen`` counts the rows without an id, by their digest."""
        columns = self._columns
        texts = {name: _text_of(row.get(name)) for name in (columns.question, columns.answer)}
        problems = tuple(
            location.problem(
                name,
                "empty cell",
                f"{name} is {row.get(name)!r}",
                expected="a text",
                fix="Fill the cell, or delete the row.",
                is_left_out=True,
            )
            for name, text in texts.items()
            if not text.strip()
        )
        if problems:
            return ReadLine(location, None, problems)
        picture = _text_of(row.get(columns.picture)).strip()
        used = {columns.picture, columns.question, columns.answer, columns.id}
        example = Example(
            id=_text_of(row.get(columns.id)).strip() or _name_row(num_seen, picture, *texts.values()),
            pictures=(picture,) if picture else (),
            turns=(Turn(HUMAN, texts[columns.question]), Turn(ASSISTANT, texts[columns.answer])),
            extra={
                name: value for name, value in row.items() if name not in used and value not in (None, "")
            },
            location=location,
        )
        return ReadLine(location, example)


class JsonTable(QuestionTable):
    """Rows as JSON objects, one a line."""

    def _read_names(self) -> Sequence[str]:
        for line in read_lines(self.path):
            record = read_record(line.text, Location(str(self.path), line.number))
            if not isinstance(record, Problem):
                return list(record)
        return ()

    def read_lines(self) -> Iterator[ReadLine]:
        """Read every line that is not blank: its example, and what is wrong with it."""
        num_seen: Counter[str] = Counter()
        for line in read_lines(self.path):
            location = Location(str(self.path), line.number)
            record = read_record(line.text, location)
            if isinstance(record, Problem):
                yield ReadLine(location, None, (record,))
            else:
                yield self._read_row(record, location, num_seen)


class CsvTable(QuestionTable):
    """Rows of a CSV file in UTF-8 whose first row names the columns."""

    def _read_names(self) -> Sequence[str]:
        return next((row.cells for row in read_rows(self.path, ",")), ())

    def read_lines(self) -> Iterator[ReadLine]:
        """Read every row: its example, and what is wrong with it."""
        rows = read_rows(self.path, ",")
        names = next(rows).cells
        num_seen: Counter[str] = Counter()
        for row in rows:
            problem = row.problem or compare_width(row, len(names), "comma")
            if problem is not None:
                yield ReadLine(row.location, None, (problem,))
            else:
                yield self._read_row(dict(zip(names, row.cells, strict=True)), row.location, num_seen)


def _text_of(value: object) -> str:
    return "" if value is None else str(value)


def _name_row(num_seen: Counter[str], *texts: str) -> str:
    """Name a row without an id; of rows that are alike, later ones have a number at the end."""
    digest = hashlib.blake2b(json.dumps(texts).encode(), digest_size=6).hexdigest()
    num_seen[digest] += 1
    return digest if num_seen[digest] == 1 else f"{digest}-{num_seen[digest]}"
