"""A zip that was cut into parts, read as the one file that the parts are together."""

import bisect
import io
import re
from itertools import accumulate
from pathlib import Path
from typing import IO, Any

PARTS_PATTERN = re.compile(r"\.zip[.\-_]?(?:part)?[.\-_]?(?:aa|0*[01])$", re.IGNORECASE)
"""How the name of a first part ends: ``.zip.part-aa``, ``.zip.001``, ``.zip_00`` and the like."""

_COUNTER = re.compile(r"(?:[a-z]+|\d+)$", re.IGNORECASE)


def open_parts(first: Path) -> IO[bytes]:
    """Open a first part, and all parts that are beside it, as one file.

    Raises:
        OSError: If a part cannot be opened.
    """
    return io.BufferedReader(_JoinedFiles(_find_parts(first)))


def _find_parts(first: Path) -> list[Path]:
    """Return the files that are called as the first part is, but for the counter, in order."""
    counter = _COUNTER.search(first.name)
    assert counter is not None, "a first part ends in its counter"
    stem, width = first.name[: counter.start()], len(counter.group())
    kind = r"\d" if counter.group().isdigit() else "[a-zA-Z]"
    pattern = re.compile(rf"{re.escape(stem)}{kind}{{{width}}}")
    return sorted(path for path in first.parent.iterdir() if pattern.fullmatch(path.name))


class _JoinedFiles(io.RawIOBase):
    """Files one after the other, as one that can be read from anywhere."""

    def __init__(self, paths: list[Path]) -> None:
        super().__init__()
        self._files = [path.open("rb", buffering=0) for path in paths]
        self._ends = list(accumulate(path.stat().st_size for path in paths))
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._ends[-1]}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        part = bisect.bisect_right(self._ends, self._position)
        if part == len(self._ends):
            return 0
        begin = self._ends[part - 1] if part else 0
        self._files[part].seek(self._position - begin)
        num_read = self._files[part].readinto(buffer) or 0
        self._position += num_read
        return num_read

    def close(self) -> None:
        for file in self._files:
            file.close()
        super().close()
