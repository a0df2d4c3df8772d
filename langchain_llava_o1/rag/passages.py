"""Texts cut into passages that are embedded and shown one by one."""

from collections.abc import Iterator
from dataclasses import dataclass

MOST_CHARACTERS = 1000
"""Most characters of a passage."""


@dataclass(frozen=True)
class Passage:
    """A piece of a text.

    Attributes:
        text: What it says.
        first_line: Number of its first line in the text, from 1.
        last_line: Number of its last line.
    """

    text: str
    first_line: int
    last_line: int

    @property
    def position(self) -> str:
        """Where it stands, in words."""
        if self.first_line == self.last_line:
            return f"line {self.first_line}"
        return f"lines {self.first_line}-{self.last_line}"


def split_into_passages(text: str, most_characters: int = MOST_CHARACTERS) -> list[Passage]:
    """Cut a text into passages, between paragraphs where that is possible, else between lines.

    Args:
        text: The text; blank lines end its paragraphs.
        most_characters: Most characters of a passage.
    """
    passages: list[Passage] = []
    for piece in _pieces(text, most_characters):
        last = passages[-1] if passages else None
        if last and len(last.text) + 2 + len(piece.text) <= most_characters:
            joint = "\n" if piece.first_line <= last.last_line + 1 else "\n\n"
            passages[-1] = Passage(last.text + joint + piece.text, last.first_line, piece.last_line)
        else:
            passages.append(piece)
    return passages


def _pieces(text: str, most_characters: int) -> Iterator[Passage]:
    """Yield paragraphs, those that are too long line by line, and lines that are too long in parts."""
    for paragraph in _paragraphs(text):
        if len(paragraph.text) <= most_characters:
            yield paragraph
            continue
        for number, line in enumerate(paragraph.text.split("\n"), start=paragraph.first_line):
            while len(line) > most_characters:
                end = line.rfind(" ", 1, most_characters)
                end = end if end > 0 else most_characters
                yield Passage(line[:end], number, number)
                line = line[end:].lstrip()
            if line:
                yield Passage(line, number, number)


def _paragraphs(text: str) -> Iterator[Passage]:
    lines: list[str] = []
    number = 0
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        if line.strip():
            lines.append(line.rstrip())
        elif lines:
            yield Passage("\n".join(lines), number - len(lines), number - 1)
            lines = []
