"""A row of a benchmark's file, and what is wrong with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from langchain_llava_o1.data.problem import Location
from langchain_llava_o1.evaluation.item import DamagedItemError
from langchain_llava_o1.pictures.base64_text import shorten

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class BenchmarkRow:
    """A row, whose cells are read by their columns.

    Attributes:
        cells: Its texts, by column.
        location: The line of the file that it begins on.
        fix: What to do where it is damaged.
    """

    cells: Mapping[str, str]
    location: Location
    fix: str

    @property
    def index(self) -> str:
        """What the row is called."""
        return self.read("index")

    def find(self, *columns: str) -> str:
        """Return the first text that there is in some columns; empty if there is none."""
        texts = (self.cells.get(column, "").strip() for column in columns)
        return next(filter(None, texts), "")

    def read(self, column: str) -> str:
        """Return the text in a column.

        Raises:
            DamagedItemError: If there is none.
        """
        if text := self.find(column):
            return text
        raise self.damage(column, "an empty cell", expected="a text")

    def read_one_of(self, column: str, choices: Iterable[str]) -> str:
        """Return the text in a column that is one of some, whatever its capitals, as it stands among them.

        Raises:
            DamagedItemError: If it is not.
        """
        known = list(choices)
        text = self.read(column)
        for choice in known:
            if choice.casefold() == text.casefold():
                return choice
        raise self.damage(column, repr(shorten(text)), expected=f"one of {', '.join(known)}")

    def read_options(self) -> dict[str, str]:
        """Return the options to choose from, by letter.

        Raises:
            DamagedItemError: If there are fewer than two.
        """
        options = {letter: text for letter in _LETTERS if (text := self.find(letter))}
        if len(options) < 2:
            found = ", ".join(options) or "none"
            raise self.damage("A", f"options {found}", expected="two or more, each in its own column")
        return options

    def damage(self, column: str, found: str, *, expected: str) -> DamagedItemError:
        """Make the error that says what is wrong with a column of this row."""
        name = self.cells.get("index", "").strip()
        where = f"row {shorten(name)}, column {column!r}" if name else f"column {column!r}"
        return DamagedItemError(
            str(self.location.problem(where, "damaged row", found, expected=expected, fix=self.fix))
        )
