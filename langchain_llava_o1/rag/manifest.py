"""Which files a collection holds, as they were when they were indexed.

LangChain's vector stores can be searched but not listed, so what was removed from a folder has to be known
from elsewhere. LangChain's own indexing API keeps such a list too, its record manager; but it decides by the
finished document, after the caption, which is what costs, and it brings no record manager that stays on disk.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    source TEXT PRIMARY KEY, content_hash TEXT NOT NULL, caption TEXT, ids TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_hash ON files (content_hash);
CREATE TABLE IF NOT EXISTS folders (path TEXT PRIMARY KEY);
"""


ADDING = ""
"""Stands for the hash of a file that is being stored for the first time."""

CHANGING = "changing"
"""Stands for the hash of a file that was stored and is being stored anew."""


@dataclass(frozen=True)
class IndexedFile:
    """A file as it was indexed.

    Attributes:
        source: Its path.
        content_hash: SHA-256 of its bytes. While it is being stored, ``ADDING`` or ``CHANGING``.
        caption: What the model wrote of a picture, or of a PDF's pages; None for a text.
        ids: Of its documents in the vector stores. A set, because Chroma refuses to delete ids among which
            one is named twice.
    """

    source: str
    content_hash: str
    caption: str | None
    ids: frozenset[str]

    @property
    def is_new(self) -> bool:
        """Whether it has never been stored to the end."""
        return self.content_hash == ADDING


class Manifest:
    """A list of indexed files in an SQLite file of its own.

    A change is on disk when the call that makes it returns. Nothing is held open between calls, so that
    threads and processes may share it.
    """

    def __init__(self, path: Path) -> None:
        """Open the list at ``path``, a new one if there is none."""
        self._path = path
        with self._open() as connection:
            connection.executescript(_SCHEMA)

    def files_below(self, folder: Path) -> dict[str, IndexedFile]:
        """Return the files that are somewhere below a folder, by source."""
        with self._open() as connection:
            rows = connection.execute("SELECT source, content_hash, caption, ids FROM files").fetchall()
        files = [
            IndexedFile(source, digest, caption, frozenset(json.loads(ids)))
            for source, digest, caption, ids in rows
        ]
        return {file.source: file for file in files if Path(file.source).is_relative_to(folder)}

    def find_caption(self, content_hash: str) -> str | None:
        """Return the caption of any picture with this content, or None if there is none."""
        with self._open() as connection:
            row = connection.execute(
                "SELECT caption FROM files WHERE content_hash = ? AND caption IS NOT NULL LIMIT 1",
                (content_hash,),
            ).fetchone()
        return row[0] if row else None

    def put(self, files: Sequence[IndexedFile]) -> None:
        """Add files, or replace what is known of them, all or none."""
        rows = [
            (file.source, file.content_hash, file.caption, json.dumps(sorted(file.ids))) for file in files
        ]
        with self._open() as connection:
            connection.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", rows)

    def remove(self, sources: Sequence[str]) -> None:
        """Strike files off."""
        with self._open() as connection:
            connection.executemany("DELETE FROM files WHERE source = ?", [(source,) for source in sources])

    def add_folder(self, folder: Path) -> None:
        """Remember a folder that is indexed."""
        with self._open() as connection:
            connection.execute("INSERT OR IGNORE INTO folders VALUES (?)", (str(folder),))

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that were indexed."""
        with self._open() as connection:
            rows = connection.execute("SELECT path FROM folders ORDER BY path").fetchall()
        return tuple(Path(path) for (path,) in rows)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=30)
        try:
            with connection:
                yield connection
        finally:
            connection.close()
