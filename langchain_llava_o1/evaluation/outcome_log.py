"""The files of a comparison: every answer is written down as it comes, and what was interrupted goes on."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.answers import Answered
from langchain_llava_o1.evaluation.outcome import Outcome

_RECORDS = "records"


class Cell(NamedTuple):
    """One line of the table: a search or a baseline, by name, with a number of candidates."""

    search: str
    candidates: int


class LoggedOutcome(NamedTuple):
    """An outcome, and the seconds since the one before."""

    outcome: Outcome
    seconds: float


class OutcomeLog:
    """The file of a comparison: what all answers have in common, then a line for each.

    Beside it, in ``records/``, there is a file for each cell with how its answers came about.
    """

    def __init__(self, path: Path, heading: dict[str, Any]) -> None:
        """Open a file, or begin one.

        Raises:
            ConfigurationError: If the file belongs to a comparison of something else.
        """
        self._path = path
        self._outcomes: dict[Cell, dict[int, LoggedOutcome]] = {}
        content = path.read_bytes() if path.exists() else b""
        # A line that was cut off when the program was killed is answered again.
        end = content.rfind(b"\n") + 1
        if _line(heading).startswith(content):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_line(heading))
            return
        try:
            lines = content[:end].decode().split("\n")[:-1]
            found, *answers = map(json.loads, lines or [content.decode()])
            if found == heading:
                for fields in answers:
                    self._keep(fields)
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                f"{path} cannot be read ({error}). Name another folder, or delete that file."
            ) from error
        if found != heading:
            raise ConfigurationError(
                f"{path} belongs to another comparison ({found}, not {heading}). "
                "Name another folder, or delete that file."
            )
        if end < len(content):
            with path.open("r+b") as file:
                file.truncate(end)

    def _keep(self, fields: dict[str, Any]) -> None:
        cell = Cell(fields.pop("strategy"), fields.pop("candidates"))
        seconds = fields.pop("seconds")
        outcome = Outcome.from_json(fields)
        self._outcomes.setdefault(cell, {})[outcome.number] = LoggedOutcome(outcome, seconds)

    def of(self, cell: Cell, numbers: Iterable[int]) -> list[LoggedOutcome]:
        """Return what is known of a cell's items."""
        known = self._outcomes.get(cell, {})
        return [known[number] for number in numbers if number in known]

    @property
    def outcomes(self) -> list[Outcome]:
        """All that is known."""
        return [logged.outcome for known in self._outcomes.values() for logged in known.values()]

    def add(self, cell: Cell, answered: Answered, seconds: float) -> None:
        """Write down an answer, and the seconds since the one before."""
        outcome = answered.outcome
        # The record first: an answer counts as given once its outcome is there.
        if answered.result is not None:
            path = self._path.parent / _RECORDS / f"{cell.search}-{cell.candidates}.jsonl"
            path.parent.mkdir(exist_ok=True)
            _append(path, {"number": outcome.number, "result": answered.result.to_record()})
        self._outcomes.setdefault(cell, {})[outcome.number] = LoggedOutcome(outcome, seconds)
        fields = {"strategy": cell.search, "candidates": cell.candidates, "seconds": round(seconds, 4)}
        _append(self._path, fields | outcome.as_json())


def _append(path: Path, fields: dict[str, Any]) -> None:
    with path.open("ab") as file:
        file.write(_line(fields))


def _line(fields: dict[str, Any]) -> bytes:
    return (json.dumps(fields, ensure_ascii=False) + "\n").encode(errors="surrogatepass")
