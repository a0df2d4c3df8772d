"""Writing a data set in the published format, an example at a time; what was written stays readable."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from langchain_llava_o1.data.example import Example
from langchain_llava_o1.data.formats.json_line import OWN_FIELDS, read_line, write_line
from langchain_llava_o1.data.formats.lines import read_lines
from langchain_llava_o1.data.picture_files.picture_name import ending_of
from langchain_llava_o1.data.problem import Location
from langchain_llava_o1.errors import DataError
from langchain_llava_o1.pictures.picture import digest_of

_PICTURES = "pictures"
_BLOCK_BYTES = 2**16


class TrainingSetWriter:
    """Appends examples to a file, from one process at a time.

    An example is in the file, whole, when ``append`` returns: a program that is killed loses nothing that it
    had written before. A line that it was killed in is dropped when the file is opened again. (A computer
    that loses its power may lose the last lines.)

    Attributes:
        path: The file.
        num_dropped_bytes: Length of the half-written line that was dropped; 0 where there was none.
    """

    def __init__(self, path: str | Path) -> None:
        """Open a file to go on with, or begin one.

        Raises:
            OSError: If it cannot be written to.
        """
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        binary = getattr(os, "O_BINARY", 0)
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | binary, 0o666)
        self.num_dropped_bytes = _end_last_line(self._file)
        self._ids = {
            example.id
            for line in read_lines(self.path)
            if (example := read_line(line.text, Location(str(self.path), line.number)).example) is not None
        }

    def __contains__(self, id: object) -> bool:
        """Tell whether an example with an id was written, now or before."""
        return id in self._ids

    def append(self, example: Example, pictures: Sequence[bytes] | None = None) -> None:
        """Write an example at the end.

        Args:
            example: What to write.
            pictures: The files of its pictures, to be copied into the folder ``pictures`` beside the set,
                each once however many examples show it. If None, the example's paths are written as they are.

        Raises:
            DataError: If its id was written before, it could not be read back, or a file is no picture.
            OSError: If it cannot be written; the file is left as it was.
        """
        if example.id in self._ids:
            raise DataError(f"{self.path} has an example {example.id!r} already. Give it another id.")
        if pictures is not None:
            example = replace(
                example, pictures=tuple(copy_picture(data, self.path.parent) for data in pictures)
            )
        append_whole(self._file, _write_checked(example))
        self._ids.add(example.id)

    def close(self) -> None:
        """Close the file; nothing can be written any more."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def append_whole(file: int, data: bytes) -> None:
    """Write something at the end of a file, all of it or nothing.

    Args:
        file: The descriptor of a file that is open for appending.
        data: What to write.

    Raises:
        OSError: If it cannot be written, as on a full disk; the file is left as it was.
    """
    size = os.fstat(file).st_size
    try:
        _write_all(file, data)
    except BaseException:
        os.ftruncate(file, size)
        raise


def copy_picture(data: bytes, folder: Path) -> str:
    """Write a picture below a folder, under a name that its content gives it, and return its path from there.

    Raises:
        DataError: If it is no picture in a known format.
    """
    digest = digest_of(data)
    reference = f"{_PICTURES}/{digest[:2]}/{digest[:32]}{ending_of(data)}"
    path = folder / reference
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            unfinished.write_bytes(data)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    return reference


def _write_checked(example: Example) -> bytes:
    if taken := sorted(OWN_FIELDS & example.extra.keys()):
        raise DataError(f"The example {example.id!r} has {', '.join(taken)} in extra. Set its own fields.")
    try:
        line = write_line(example)
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(f"The example {example.id!r} cannot be written as JSON ({error}).") from error
    read = read_line(line, Location(example.id, 1))
    if read.example != example:
        reasons = " ".join(map(str, read.problems))
        raise DataError(f"The example {example.id!r} could not be read back: {reasons}")
    return line


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def _end_last_line(file: int) -> int:
    """Complete or drop a last line without its end; return how many bytes were dropped."""
    size = os.fstat(file).st_size
    start = _start_of_last_line(file, size)
    if start == size:
        return 0
    os.lseek(file, start, os.SEEK_SET)
    line = _read_all(file, size - start)
    # Other programs leave out the end of the last line.
    if read_line(line, Location("", 1)).example is not None:
        _write_all(file, b"\n")
        return 0
    os.ftruncate(file, start)
    return size - start


def _start_of_last_line(file: int, size: int) -> int:
    """Return where the part after the last end of line begins."""
    end = size
    while end:
        begin = max(0, end - _BLOCK_BYTES)
        os.lseek(file, begin, os.SEEK_SET)
        found = _read_all(file, end - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0


def _read_all(file: int, length: int) -> bytes:
    pieces = []
    while length and (piece := os.read(file, length)):
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)
