"""How answers came about: the records of searches beside a file of answers."""

import json
from collections.abc import Collection
from pathlib import Path

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.report.result import SearchResult


def read_records(path: Path, numbers: Collection[int]) -> dict[int, SearchResult]:
    """Read the records of some items, by number; of an item answered twice, the later one.

    A file that is missing has none. A line that is no record, as where a program was killed while it wrote,
    is passed over: the answer itself is in another file.
    """
    found: dict[int, SearchResult] = {}
    if not numbers or not path.exists():
        return found
    with path.open("rb") as file:
        for line in file:
            try:
                fields = json.loads(line)
                if fields["number"] in numbers:
                    found[fields["number"]] = SearchResult.from_record(fields["result"])
            except (ValueError, KeyError, TypeError, ConfigurationError):
                continue
    return found
