"""The rows of a table in CSV or TSV: read one at a time, and found again by where they begin."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from langchain_llava_o1.data.problem import Location, Problem

_LARGEST_CELL = 2**27
"""The csv module by itself allows too few characters for a picture in base64."""

_CLOSE_QUOTES = "Close every quotation mark that begins a cell, and write those inside the cell twice."


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
    """Read the rows of a table in UTF-8 that are not blank.

    Where the quotation marks of a row are wrong, so that it would take in the lines after it, its first line
    is told as broken and the lines after it are rows of their own.
    """
    # A limit of the whole process, which is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), _LARGEST_CELL))
    with path.open("rb") as file:
        rows = _Rows(_Lines(file), delimiter)
        while True:
            location, offset = Location(str(path), rows.num_lines + 1), rows.num_bytes
            try:
                cells = rows.read()
            except csv.Error as error:
                yield Row(location, (), offset, _broken_row(location, str(error), _CLOSE_QUOTES))
                continue
            if cells is None:
                return
            if not _is_unicode(cells):
                fix = "Save the table in UTF-8."
                yield Row(location, (), offset, _broken_row(location, "text that is not in UTF-8", fix))
            elif cells:
                yield Row(location, tuple(cells), offset)


def compare_width(row: Row, num_columns: int, separator: str) -> Problem | None:
    """Return what is wrong with a row that has more or fewer cells than the table has columns.

    Args:
        row: A row that could be read.
        num_columns: How many columns the first row names.
        separator: What stands between cells, in a word.
    """
    num_cells = len(row.cells)
    if num_cells == num_columns:
        return None
    return _broken_row(
        row.location,
        f"{num_cells} {'cell' if num_cells == 1 else 'cells'}, the table has {num_columns} columns",
        f"Put a text with a {separator} in quotation marks, and leave no cell out.",
    )


def read_row_at(path: Path, delimiter: str, offset: int) -> tuple[str, ...]:
    """Read the row again that begins at an offset."""
    with path.open("rb") as file:
        file.seek(offset)
        return tuple(next(csv.reader(_Lines(file), delimiter=delimiter), ()))


class _Rows:
    """Reads a row after the other; of one that is not ended as it should be, the first line alone."""

    def __init__(self, lines: "_Lines", delimiter: str) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)
        self._first_unknown = 0

    @property
    def num_lines(self) -> int:
        """How many lines the rows took that were read."""
        return self._lines.num_lines

    @property
    def num_bytes(self) -> int:
        """How many bytes they took."""
        return self._lines.num_bytes

    def read(self) -> list[str] | None:
        """Return the cells of the next row; None at the end.

        Raises:
            csv.Error: If it cannot be read; its first line is passed over.
        """
        num_lines, num_bytes = self.num_lines, self.num_bytes
        if num_lines >= self._first_unknown:
            try:
                return next(self._reader, None)
            except csv.Error:
                # A row that begins before this line and is open at the end of its own first one would fail
                # here as well; not trying it, no line is read more than twice.
                self._first_unknown = self.num_lines - 1
                self._lines.go_back(num_lines, num_bytes)
        return self._read_line()

    def _read_line(self) -> list[str]:
        """Return the cells of a line, wherever quotation marks stand in them."""
        is_open = False

        def give_line() -> Iterator[str]:
            nonlocal is_open
            yield next(self._lines)
            is_open = True

        cells = next(csv.reader(give_line(), delimiter=self._delimiter), [])
        if is_open:
            raise csv.Error("a quotation mark that is not closed")
        return cells


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

    def go_back(self, num_lines: int, num_bytes: int) -> None:
        """Go on after so many lines, which have so many bytes."""
        self._file.seek(num_bytes)
        self.num_lines, self.num_bytes = num_lines, num_bytes


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
