"""The rows of a TSV file with pictures, of which a damaged one costs no other.

A quotation mark that is missing makes the csv module read on to the next one, however many rows that takes.
Here the line after such a row's first one is tried as the beginning of the next.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from langchain_llava_o1.data.formats.rows import Row
from langchain_llava_o1.data.problem import Location

TAB = "\t"
_LARGEST_ROW = 2**25
"""Characters of a row, for each of which the csv module takes four bytes."""
_LONGEST_FIRST_CELL = 200
"""In bytes; a longer one is a text or a picture, and names no row."""


class _ReadRow(NamedTuple):
    """A row as the csv module reads it; without lines at the end of the file."""

    num_lines: int
    cells: Sequence[str]
    error: str = ""


def read_header(path: Path) -> tuple[str, ...]:
    """Read the names of the columns; none where there is no text."""
    with path.open("rb") as file:
        return tuple(_read_row(file).cells)


def read_whole_rows(path: Path, num_cells: int, fix: str) -> Iterator[Row]:
    """Read the rows after the header; one that is damaged has a problem in place of its cells.

    Args:
        path: The file.
        num_cells: How many a row has.
        fix: What to do about a damaged row, a sentence.
    """
    with path.open("rb") as file:
        number = 1 + _read_row(file).num_lines
        while True:
            offset, location = file.tell(), Location(str(path), number)
            num_lines, cells, error = _read_row(file)
            if not num_lines:
                return
            is_lost = bool(error) or len(cells) not in (0, num_cells)
            if is_lost and num_lines > 1:
                file.seek(offset)
                file.readline(_LARGEST_ROW)
                num_lines = 1
            number += num_lines
            if is_lost:
                found = error or f"a row of {len(cells)} cells"
                yield _damaged(location, offset, found, f"{num_cells} cells", fix)
            elif cells and not _is_unicode(cells):
                yield _damaged(location, offset, "text that is not in UTF-8", "a table in UTF-8", fix)
            elif cells:
                yield Row(location, tuple(cells), offset)


def read_first_cell(path: Path, offset: int) -> str:
    """Read what stands before the first tab of a row, however damaged the rest is; empty if that is long."""
    with path.open("rb") as file:
        file.seek(offset)
        beginning = file.readline(_LONGEST_FIRST_CELL)
    cell, tab, _ = beginning.partition(TAB.encode())
    is_whole = bool(tab) or beginning.endswith(b"\n")
    return cell.decode(errors="replace").strip().strip('"') if is_whole else ""


def _read_row(file: io.BufferedReader) -> _ReadRow:
    # A limit of the whole process, which is only ever raised: by itself it is too low for pictures.
    csv.field_size_limit(max(csv.field_size_limit(), _LARGEST_ROW))
    reader = csv.reader(_read_lines(file), delimiter=TAB)
    try:
        cells = next(reader, ())
    except csv.Error as error:
        return _ReadRow(reader.line_num, (), str(error))
    return _ReadRow(reader.line_num, cells)


def _read_lines(file: io.BufferedReader) -> Iterator[str]:
    num_bytes = 0
    encoding = "utf-8" if file.tell() else "utf-8-sig"
    while num_bytes < _LARGEST_ROW and (line := file.readline(_LARGEST_ROW)):
        num_bytes += len(line)
        yield line.decode(encoding, errors="surrogateescape")
        encoding = "utf-8"


def _is_unicode(cells: Sequence[str]) -> bool:
    try:
        for cell in cells:
            # Of a picture in base64, no copy is made.
            if not cell.isascii():
                cell.encode()
    except UnicodeEncodeError:
        return False
    return True


def _damaged(location: Location, offset: int, found: str, expected: str, fix: str) -> Row:
    problem = location.problem("", "broken line", found, expected=expected, fix=fix, is_left_out=True)
    return Row(location, (), offset, problem)
