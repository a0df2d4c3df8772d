"""What became of every call and every question, on disk as it happens, so that nothing is paid twice.

Two files in a folder of their own: ``settings.json``, how the annotations are made, and ``journal.jsonl``, to
which a line is appended for each reply of a model and for each question that was refused.
"""

import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import BaseFileLock, FileLock, Timeout

from langchain_llava_o1.data.formats.lines import read_lines
from langchain_llava_o1.data.writer import append_whole
from langchain_llava_o1.errors import ConfigurationError

_JOURNAL = "journal.jsonl"
_SETTINGS = "settings.json"
_LOCK = "lock"


@dataclass(frozen=True)
class RecordedReply:
    """A reply that was paid for.

    Attributes:
        question: Id of the question that it was asked for.
        attempt: Which try it belongs to, from 1.
        role: Which model was asked: "teacher" or "validator".
        key: Digest of what was asked.
        message: The reply, as LangChain writes messages as dicts.
        input_tokens: Tokens read.
        output_tokens: Tokens generated.
    """

    question: str
    attempt: int
    role: str
    key: str
    message: Mapping[str, Any]
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class Refusal:
    """A question that was left without an annotation.

    Attributes:
        id: The question.
        outcome: "refused", after all tries, or "error", where a try could not be made; what failed is tried
            again by every start.
        reason: Why.
        attempt: The last try.
        reply: Text of the last reply; empty where there was none.
        reference: The reference answer.
        question_digest: Digest of the question as it was; empty where nobody wrote it down.
    """

    id: str
    outcome: str
    reason: str
    attempt: int
    reply: str = ""
    reference: str = ""
    question_digest: str = ""


Record = RecordedReply | Refusal


class Journal:
    """The journal of a folder, from one process at a time."""

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        """Open the journal of a folder, or begin one.

        Raises:
            ConfigurationError: If another process writes to it, or it was begun with other settings.
        """
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = _take_lock(folder)
        try:
            check_settings(folder, settings)
            if not is_begun(folder):
                given = json.dumps(settings, indent=2, ensure_ascii=False)
                replace_file(folder / _SETTINGS, f"{given}\n".encode())
        except BaseException:
            self._lock.release()
            raise
        self.path = self.folder / _JOURNAL
        drop_torn_line(self.path)
        self._file = self.path.open("ab", buffering=0)

    def read(self) -> Iterator[Record]:
        """Read what was recorded, in order; what cannot be read is passed over."""
        return read_journal(self.folder)

    def write(self, record: Record) -> None:
        """Append a record; it is in the file, whole, when this returns.

        Raises:
            OSError: If it cannot be written; the file is left as it was.
        """
        kind = "reply" if isinstance(record, RecordedReply) else "refusal"
        append_whole(self._file.fileno(), write_json_line({"kind": kind, **asdict(record)}))

    def close(self) -> None:
        """Let other processes go on with the folder."""
        self._file.close()
        self._lock.release()


def read_journal(folder: Path) -> Iterator[Record]:
    """Read what the journal of a folder recorded, in order; what cannot be read is passed over."""
    path = folder / _JOURNAL
    for line in read_lines(path) if path.exists() else ():
        try:
            fields = json.loads(line.text)
            kind = fields.pop("kind")
            yield RecordedReply(**fields) if kind == "reply" else Refusal(**fields)
        except (ValueError, TypeError, KeyError, AttributeError):
            continue


def check_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """See that a folder was begun with these settings, or is not begun yet.

    Raises:
        ConfigurationError: If it was begun with others.
    """
    path = folder / _SETTINGS
    if not path.exists():
        return
    given = json.loads(json.dumps(settings))
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        names = [name for name in {**known, **given} if known.get(name) != given.get(name)]
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"{path} cannot be read ({error}). Name another folder.") from error
    if names:
        differences = "; ".join(
            f"{name} was {known.get(name)!r} and is now {given.get(name)!r}" for name in names
        )
        raise ConfigurationError(
            f"{folder} was begun in another way: {differences}. Go on as it was begun, or write to "
            "another place."
        )


@contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Keep other processes from writing to a folder that was begun, to read from it.

    Raises:
        ConfigurationError: If another process writes to it.
    """
    lock = _take_lock(folder)
    try:
        yield
    finally:
        lock.release()


def _take_lock(folder: Path) -> BaseFileLock:
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ConfigurationError(
            f"{folder} is being written to by another process. Wait for it, or write to another place."
        ) from error
    return lock


def is_begun(folder: Path) -> bool:
    """Tell whether a folder has a journal."""
    return (folder / _SETTINGS).exists()


def write_json_line(fields: Mapping[str, Any]) -> bytes:
    """Write a line of JSON, its end included."""
    text = json.dumps(fields, ensure_ascii=False, default=str)
    # Half of a character from outside the basic plane is no UTF-8.
    return (text.encode(errors="replace")) + b"\n"


def replace_file(path: Path, data: bytes) -> None:
    """Write a file so that at any moment it is the old one or the new one, whole."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(data)
    unfinished.replace(path)


def drop_torn_line(path: Path) -> None:
    """Drop the end of a file that was cut off in the middle of a line."""
    if not path.exists():
        return
    end = 0
    for line in read_lines(path):
        if line.text.endswith(b"\n"):
            end = line.offset + len(line.text)
    if end < path.stat().st_size:
        with path.open("r+b") as file:
            file.truncate(end)


def drop_records(path: Path, ids: Collection[str]) -> None:
    """Drop the lines of some ids from a file, which at any moment is the old one or the new one, whole."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with unfinished.open("wb") as file:
        for line in read_lines(path):
            if read_id(line.text) not in ids:
                file.write(line.text)
    unfinished.replace(path)


def read_id(line: bytes) -> str | None:
    """Return the id of a line of JSON; None where it has none."""
    try:
        found = json.loads(line)["id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return str(found) if isinstance(found, str | int) else None
