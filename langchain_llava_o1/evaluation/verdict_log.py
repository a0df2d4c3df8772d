"""The file of verdicts: each is written down as it comes, and what was interrupted goes on."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.heading import is_same_run

Line = dict[str, Any]


class VerdictLog:
    """What all verdicts have in common, then a line for each.

    Attributes:
        lines: Those of earlier runs.
    """

    def __init__(self, path: Path, heading: Mapping[str, Any]) -> None:
        """Open a file, or begin one.

        Args:
            path: Where it is; its folder is made if it is missing.
            heading: The judge, and what is judged.

        Raises:
            ConfigurationError: If the file belongs to another judge, judges something else, or cannot be
                read.
        """
        self._path = path
        self.lines: list[Line] = []
        content = path.read_bytes() if path.exists() else b""
        beginning = _write(heading)
        if beginning.startswith(content):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(beginning)
            return
        # A line that was cut off when the program was killed is judged again.
        end = content.rfind(b"\n") + 1
        try:
            found, *lines = map(json.loads, content[:end].splitlines() or [content])
        except ValueError as error:
            raise ConfigurationError(
                f"{path} cannot be read as verdicts ({error}). Name another file, or delete this one."
            ) from error
        if not is_same_run(found, json.loads(beginning)):
            raise ConfigurationError(
                f"{path} has other verdicts ({found}, not {dict(heading)}). Name another file, or delete "
                "this one."
            )
        self.lines = lines
        if end < len(content):
            with path.open("r+b") as file:
                file.truncate(end)

    def read(self, read: Callable[[Line], Any]) -> None:
        """Have every line of earlier runs read.

        Raises:
            ConfigurationError: If one is no verdict.
        """
        for number, line in enumerate(self.lines, 2):
            try:
                read(line)
            except (KeyError, TypeError, AttributeError, IndexError) as error:
                raise ConfigurationError(
                    f"Line {number} of {self._path} is no verdict ({error!r}). Name another file, or delete "
                    "this one."
                ) from error

    def add(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Write lines at once."""
        with self._path.open("ab") as file:
            file.write(b"".join(map(_write, lines)))


def _write(line: Mapping[str, Any]) -> bytes:
    return (json.dumps(line) + "\n").encode()
