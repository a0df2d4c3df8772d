"""The files of a comparison: every answer is written down as it comes, and what was interrupted goes on."""

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.answers import Replies
from langchain_llava_o1.evaluation.heading import is_same_run
from langchain_llava_o1.evaluation.outcome import Outcome, Replied
from langchain_llava_o1.evaluation.record_file import RecordFile
from langchain_llava_o1.report.result import SearchResult

OUTCOMES_FILE = "outcomes.jsonl"
_RECORDS = "records"
_UNSAID_BEFORE = ("dtype", "data_file", "data_md5")
"""What files of earlier versions do not say; they may be gone on with all the same."""


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

    def __init__(self, folder: Path, heading: dict[str, Any]) -> None:
        """Open the file of a folder, or begin one.

        Raises:
            ConfigurationError: If the file belongs to a comparison of something else.
        """
        self._path = path = folder / OUTCOMES_FILE
        self._outcomes: dict[Cell, dict[int, LoggedOutcome]] = {}
        content = path.read_bytes() if path.exists() else b""
        # A line that was cut off when the program was killed is answered again.
        end = content.rfind(b"\n") + 1
        if _line(heading).startswith(content):
            folder.mkdir(parents=True, exist_ok=True)
            if content != _line(heading):
                # Records that are there belong to a file that was deleted.
                for records in (folder / _RECORDS).glob("*.jsonl"):
                    records.unlink()
                path.write_bytes(_line(heading))
            return
        try:
            lines = content[:end].decode().split("\n")[:-1]
            found, *answers = map(json.loads, lines or [content.decode()])
            is_same = is_same_run(found, heading, _UNSAID_BEFORE)
            if is_same:
                for fields in answers:
                    self._keep(fields)
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                f"{path} cannot be read ({error}). Name another folder, or delete that file."
            ) from error
        if not is_same:
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
    def outcomes(self) -> dict[Cell, list[Outcome]]:
        """All that is known, by cell."""
        return {cell: [logged.outcome for logged in known.values()] for cell, known in self._outcomes.items()}

    def replies(self, cell: Cell, numbers: Collection[int]) -> "LoggedReplies":
        """Return the replies to a cell's items: those of earlier runs that were not graded, and new ones."""
        return LoggedReplies(RecordFile(records_path(self._path.parent, cell)), numbers)

    def add(self, cell: Cell, outcome: Outcome, seconds: float) -> None:
        """Write down what came of an item, and the seconds since the one before."""
        self._outcomes.setdefault(cell, {})[outcome.number] = LoggedOutcome(outcome, seconds)
        fields = {"strategy": cell.search, "candidates": cell.candidates, "seconds": round(seconds, 4)}
        with self._path.open("ab") as file:
            file.write(_line(fields | outcome.as_json()))


def records_path(folder: Path, cell: Cell) -> Path:
    """Return the file with the records of a cell."""
    return folder / _RECORDS / f"{cell.search}-{cell.candidates}.jsonl"


class LoggedReplies(Replies):
    """Replies in the file of their records.

    Attributes:
        ungraded: Those of earlier runs, by number.
    """

    def __init__(self, file: RecordFile, numbers: Collection[int]) -> None:
        """Read the replies to items that have no outcome."""
        self._file = file
        self.ungraded = file.read_replies(numbers)

    def find(self, number: int) -> Replied | None:
        """Return the reply to an item that an earlier run did not come to grade."""
        return self.ungraded.get(number)

    def keep(self, replied: Replied, result: SearchResult | None) -> None:
        """Write a reply down; what nobody can say how it came about costs nothing to be asked again."""
        if result is not None:
            self._file.append(replied, result)


def _line(fields: dict[str, Any]) -> bytes:
    return (json.dumps(fields, ensure_ascii=False) + "\n").encode(errors="surrogatepass")
