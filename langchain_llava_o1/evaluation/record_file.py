"""How answers came about: the records of searches, beside a file of what came of the answers."""

import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.outcome import Replied
from langchain_llava_o1.report.result import SearchResult


class RecordFile:
    """A line for each reply, written before it is graded.

    A file that is missing has none. A line that is no record, as where a program was killed while it wrote,
    is passed over.
    """

    def __init__(self, path: Path) -> None:
        """Name the file."""
        self._path = path

    def append(self, replied: Replied, result: SearchResult) -> None:
        """Write a reply, and how it came about."""
        line = json.dumps({**replied.as_json(), "result": result.to_record()}, ensure_ascii=False)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                # A process was killed while it wrote the last line.
                line = line if file.read(1) == b"\n" else f"\n{line}"
            file.write(f"{line}\n".encode(errors="surrogatepass"))

    def read_results(self, numbers: Collection[int]) -> dict[int, SearchResult]:
        """Read how the answers to some items came about, by number; of two answers to one the later."""
        found = {}
        for fields in self._read(numbers):
            try:
                found[fields["number"]] = SearchResult.from_record(fields["result"])
            except (KeyError, TypeError, ConfigurationError):
                continue
        return found

    def read_replies(self, numbers: Collection[int]) -> dict[int, Replied]:
        """Read the replies to some items, by number."""
        found = {}
        for fields in self._read(numbers):
            del fields["result"]
            try:
                found[fields["number"]] = Replied(**fields)
            except TypeError:
                # Written by a version that kept no replies.
                continue
        return found

    def _read(self, numbers: Collection[int]) -> Iterator[dict[str, Any]]:
        if not numbers or not self._path.exists():
            return
        with self._path.open("rb") as file:
            for line in file:
                try:
                    fields = json.loads(line)
                    if fields["number"] in numbers and "result" in fields:
                        yield fields
                except (ValueError, KeyError, TypeError):
                    continue
