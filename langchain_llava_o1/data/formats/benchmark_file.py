"""A benchmark in the format of the field's runners: TSV with pictures in base64.

The columns are ``index, image, question, hint, A … D, answer, category, …``. A cell of 64 characters or fewer
in ``image`` names the row that has the picture; ``image`` may hold a list.
"""

import ast
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from langchain_llava_o1.data.example import ASSISTANT, HUMAN, Example, ReadLine, Turn
from langchain_llava_o1.data.formats.rows import compare_width, read_row_at, read_rows
from langchain_llava_o1.data.picture_files.picture_files import PictureFiles
from langchain_llava_o1.data.problem import Location
from langchain_llava_o1.data.training_set import TrainingSet
from langchain_llava_o1.errors import ConfigurationError, DataError
from langchain_llava_o1.pictures.base64_text import shorten

_OPTION_LETTERS = "ABCDEFGHI"
_LONGEST_INDEX = 64
_TAB = "\t"
_PICTURE_URL = "data:application/octet-stream;base64,"
_LIST_READERS: tuple[Callable[[str], Any], ...] = (json.loads, ast.literal_eval)
_OWN_COLUMNS = frozenset({"index", "image", "hint", "answer", *_OPTION_LETTERS})


class BenchmarkFile(TrainingSet):
    """The rows of a benchmark as examples: the question with its options, and the answer.

    Their pictures are data URLs, which ``PictureFiles`` of every kind read. ``extra["question"]`` is the
    question without its options.
    """

    def __init__(self, path: Path, pictures: PictureFiles) -> None:
        """Open the file; nothing but its first row is read.

        Raises:
            ConfigurationError: If it has no column of an index or a question.
        """
        super().__init__(path, pictures)
        first = next(read_rows(path, _TAB), None)
        self._names = first.cells if first else ()
        if missing := [name for name in ("index", "question") if name not in self._names]:
            raise ConfigurationError(
                f"{path} is no benchmark: it has no column {' and no column '.join(map(repr, missing))}. "
                "Write a table of one's own as CSV."
            )

    def read_lines(self) -> Iterator[ReadLine]:
        """Read every row: its example, and what is wrong with it."""
        for number, row in enumerate(read_rows(self.path, _TAB)):
            problem = row.problem or compare_width(row, len(self._names), "tab")
            if problem is not None:
                yield ReadLine(row.location, None, (problem,))
            elif number:
                yield self._read_row(dict(zip(self._names, row.cells, strict=True)), row.location)

    def _read_row(self, row: Mapping[str, str], location: Location) -> ReadLine:
        try:
            pictures = tuple(self._read_pictures(row.get("image", "")))
        except DataError as error:
            problem = location.problem(
                "image",
                "missing picture",
                str(error),
                expected="base64, or the index of a row that has it",
                fix="Fetch the file anew.",
                is_left_out=True,
            )
            return ReadLine(location, None, (problem,))
        example = Example(
            id=row["index"],
            pictures=pictures,
            turns=(Turn(HUMAN, _ask(row)), Turn(ASSISTANT, row.get("answer", ""))),
            extra={name: value for name, value in row.items() if name not in _OWN_COLUMNS and value},
            location=location,
        )
        return ReadLine(location, example)

    def _read_pictures(self, cell: str) -> Iterator[str]:
        for text in read_list(cell):
            if len(text) > _LONGEST_INDEX:
                yield _PICTURE_URL + text
                continue
            named = self._read_image_cell(text)
            if any(len(other) <= _LONGEST_INDEX for other in named):
                raise DataError(f"the row {shorten(text)!r} that is named has no picture of its own")
            yield from (_PICTURE_URL + other for other in named)

    def _read_image_cell(self, index: str) -> Sequence[str]:
        if index not in self._offsets:
            raise DataError(f"there is no row with the index {shorten(index)!r}")
        cells = read_row_at(self.path, _TAB, self._offsets[index])
        return read_list(dict(zip(self._names, cells, strict=False)).get("image", ""))

    @cached_property
    def _offsets(self) -> Mapping[str, int]:
        """Where the rows begin, by index; read when the first row names another one."""
        column = self._names.index("index")
        return {
            row.cells[column]: row.offset for row in read_rows(self.path, _TAB) if len(row.cells) > column
        }


def read_list(cell: str) -> Sequence[str]:
    """Read a cell that holds nothing, one text, or a list of texts in JSON or as Python writes it."""
    text = cell.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return [text] if text else []
    for read in _LIST_READERS:
        try:
            found = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, list):
            return [str(each) for each in found]
    raise DataError(f"a list that cannot be read, {shorten(text)!r}")


def _ask(row: Mapping[str, str]) -> str:
    """Write the question with its hint and options, each in a line of its own."""
    options = [f"{letter}. {row[letter]}" for letter in _OPTION_LETTERS if row.get(letter, "").strip()]
    hint = [row["hint"]] if row.get("hint", "").strip() else []
    return "\n".join([*hint, row.get("question", ""), *options])
