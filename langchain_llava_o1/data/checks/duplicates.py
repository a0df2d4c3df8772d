"""Whether an example asks what another one asks: the same pictures and the same questions."""

import hashlib
from collections.abc import Iterator

from langchain_llava_o1.data.checks.check import Check, Finding, Viewed
from langchain_llava_o1.data.question_text import normalize


class DuplicateCheck(Check):
    """Finds examples with the pictures and questions of an earlier one; keeps 16 bytes of each."""

    def __init__(self) -> None:
        """Begin without any example."""
        self._first_lines: dict[bytes, int] = {}

    def look(self, viewed: Viewed) -> Iterator[Finding]:
        """Return whether an example repeats an earlier one."""
        example = viewed.example
        key = hashlib.blake2b(digest_size=16)
        for text in (*viewed.picture_keys, *map(normalize, example.questions)):
            key.update(f"{len(text)} {text}".encode())
        first_line = self._first_lines.setdefault(key.digest(), example.location.line)
        if first_line != example.location.line:
            yield Finding(
                "",
                "duplicate",
                f"pictures and questions are those of line {first_line}",
                expected="another picture or another question",
                fix="Keep one of them.",
            )
