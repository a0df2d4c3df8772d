"""The rows of a table in CSV or TSV: read one at a time, and found again by where they begin."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from langchain_llava_o1.data.problem import Location, Problem

_LARGEST_CELL = 2**27
"""The csv module by itself allows too few characters for a picture in base64."""


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        location: The line that it begins on.
        cells: Its texts; none where it cannot be read.
        offset: Where in the file it begins, in bytes.
        problem: Why it cannot be read.
    """

    location: Location
    cells: tuple[str, ...]
    offset: int
    problem: Problem | None = None


def read_rows(path: Path, delimiter: str) -> Iterator[Row]:
    """Read the rows of a table in UTF-8 that are not blank."""
    # A limit of the whole process, which is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), _LARGEST_CELL))
    with path.open("rb") as file:
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=delimiter)
        while True:
            location, offset = Location(str(path), lines.num_lines + 1), lines.num_bytes
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield Row(
                    location, (), offset, _broken_row(location, str(error), "Correct its quotation marks.")
                )
                continue
            if cells is None:
                return
            if not _is_unicode(cells):
                fix = "Save the table in UTF-8."
                yield Row(location, (), offset, _broken_row(location, "text that is not in UTF-8", fix))
            elif cells:
                yield Row(location, tuple(cells), offset)


def read_row_at(path: Path, delimiter: str, offset: int) -> tuple[str, ...]:
    """Read the row again that begins at an offset."""
    with path.open("rb") as file:
        file.seek(offset)
        return tuple(next(csv.reader(_Lines(file), delimiter=delimiter), ()))


class _Lines:
    """The lines of a file as text; counts what has been taken of them, which is all up to a row's end."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file
        self.num_lines = 0
        self.num_bytes = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._file.readline(_LARGEST_CELL)
        if not line:
            raise StopIteration
        encoding = "utf-8" if self.num_bytes else "utf-8-sig"
        self.num_lines += 1
        self.num_bytes += len(line)
        return line.decode(encoding, errors="surrogateescape")


def _is_unicode(cells: list[str]) -> bool:
    try:
        for cell in cells:
            cell.encode()
    except UnicodeEncodeError:
        return False
    return True


def _broken_row(location: Location, found: str, fix: str) -> Problem:
    return location.problem(
        "", "broken line", found, expected="a row of the table", fix=fix, is_left_out=True
    )
