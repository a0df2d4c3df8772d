"""What is wrong with a line of a data set, and how to put it right."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """Something wrong with one line.

    Attributes:
        file: Path of the data set's file.
        line: Number of the line, from 1.
        field: What of the line is meant, as in ``conversations[1].value``; empty for the whole line.
        kind: What it is counted under, as in ``missing picture``.
        found: What is there.
        expected: What should be there.
        fix: What to do about it, a sentence.
        is_left_out: Whether the line gives no example because of it.
    """

    file: str
    line: int
    field: str
    kind: str
    found: str
    expected: str
    fix: str
    is_left_out: bool = False

    def __str__(self) -> str:
        """Write it in one line, which begins as compilers write theirs, so that editors find the place."""
        field = f" {self.field}:" if self.field else ""
        text = f"{self.file}:{self.line}:{field} {self.found}; expected {self.expected}. {self.fix}"
        return " ".join(text.split())

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Location:
    """A line of a file, where problems are found.

    Attributes:
        file: Path of the file.
        line: Number of the line, from 1.
    """

    file: str
    line: int

    def problem(
        self, field: str, kind: str, found: str, *, expected: str, fix: str, is_left_out: bool = False
    ) -> Problem:
        """Make a problem of this line."""
        return Problem(self.file, self.line, field, kind, found, expected, fix, is_left_out)

    def __str__(self) -> str:
        """Write it as in ``train.jsonl:17``."""
        return f"{self.file}:{self.line}"
