"""The lines of a large file: read one at a time, and found again by their number."""

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

LONGEST_LINE = 2**26
"""Bytes that are read of a line, at most."""


class Line(NamedTuple):
    """A line that is not blank.

    Attributes:
        number: As editors count, from 1.
        offset: Where in the file it begins, in bytes.
        text: Its bytes with the end of line; of a line of more than 64 MiB the beginning, so that it cannot
            be read.
    """

    number: int
    offset: int
    text: bytes


def read_lines(path: Path) -> Iterator[Line]:
    """Read the lines of a file that are not blank, in bounded memory."""
    with path.open("rb") as file:
        number = offset = 0
        while text := file.readline(LONGEST_LINE):
            number += 1
            length = len(text) + _skip_rest(file, text)
            if not text.isspace():
                yield Line(number, offset, text)
            offset += length


def _skip_rest(file: IO[bytes], text: bytes) -> int:
    """Read on to the end of a line that is too long; return how many bytes that were."""
    num_skipped = 0
    while not text.endswith(b"\n") and len(text) == LONGEST_LINE:
        text = file.readline(LONGEST_LINE)
        num_skipped += len(text)
    return num_skipped


class LineIndex:
    """Where the lines of a file begin, which takes 16 bytes for each line that is not blank."""

    def __init__(self, path: Path) -> None:
        """Read the file once."""
        self._path = path
        self._numbers = array("Q")
        self._offsets = array("Q")
        for line in read_lines(path):
            self._numbers.append(line.number)
            self._offsets.append(line.offset)

    def __len__(self) -> int:
        return len(self._offsets)

    def read(self, position: int) -> Line:
        """Return a line by its position among those that are not blank, from 0.

        Raises:
            IndexError: If there are not so many.
        """
        offset = self._offsets[position]
        with self._path.open("rb") as file:
            file.seek(offset)
            return Line(self._numbers[position], offset, file.readline(LONGEST_LINE))
