"""What a folder holds that can be indexed: pictures, PDF files and texts, and what of it is left out."""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.pictures.formats import PICTURE_ENDINGS
from langchain_llava_o1.pictures.pdf import PDF_ENDING

TEXT_ENDINGS = frozenset({".txt", ".md"})

Kind = Literal["picture", "pdf", "text"]


@dataclass(frozen=True)
class FoundFile:
    """A file that can be indexed.

    Attributes:
        path: Where it is, absolute.
        name: What it is called in answers: the folder's name and its place below it.
        kind: What it holds.
    """

    path: Path
    name: str
    kind: Kind

    @property
    def source(self) -> str:
        """What it is found again by."""
        return str(self.path)


@dataclass(frozen=True)
class LeftOut:
    """A file that is not indexed, and why."""

    source: str
    reason: str


@dataclass(frozen=True)
class FolderContents:
    """What is in a folder and in those below it.

    Attributes:
        files: In the order of their paths.
        left_out: What is not indexed, and why.
        unreadable: Folders that could not be looked into, and why.
    """

    files: tuple[FoundFile, ...]
    left_out: tuple[LeftOut, ...]
    unreadable: tuple[LeftOut, ...]


def list_folder(folder: Path, *, excluded: Path | None = None) -> FolderContents:
    """Look through a folder and those below it.

    Hidden files and folders are passed over. A link to a folder, or to a file outside, is left out: whoever
    may write to the folder could otherwise have any file indexed.

    Args:
        folder: Where to look; absolute and resolved.
        excluded: A folder to pass over, such as the collection itself.

    Raises:
        ConfigurationError: If it is no folder.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"{folder} is no folder. Name one that holds pictures, PDF files or texts.")
    files: list[FoundFile] = []
    left_out: list[LeftOut] = []
    unreadable: list[LeftOut] = []

    def note_unreadable(error: OSError) -> None:
        unreadable.append(LeftOut(str(error.filename), f"cannot be read ({error.strerror or error})"))

    for path in _walk(folder, excluded, note_unreadable):
        kind = kind_of(path.name)
        name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
        if not _is_text(name):
            left_out.append(LeftOut(ascii(name), "its name is not in UTF-8"))
        elif path.is_dir():
            left_out.append(LeftOut(name, "a link to a folder"))
        elif kind is None:
            ending = path.suffix.lower() or "no ending"
            known = ", ".join(sorted(PICTURE_ENDINGS | {PDF_ENDING} | TEXT_ENDINGS))
            left_out.append(LeftOut(name, f"{ending} is none of {known}"))
        elif path.is_symlink() and not path.resolve().is_relative_to(folder):
            left_out.append(LeftOut(name, "a link that leads out of the folder"))
        else:
            files.append(FoundFile(path, name, kind))
    return FolderContents(tuple(files), tuple(left_out), tuple(unreadable))


def kind_of(name: str) -> Kind | None:
    """Tell by its ending what a file holds; None for what is not indexed."""
    ending = Path(name).suffix.lower()
    if ending in PICTURE_ENDINGS:
        return "picture"
    if ending == PDF_ENDING:
        return "pdf"
    return "text" if ending in TEXT_ENDINGS else None


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's content without holding all of it.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _walk(folder: Path, excluded: Path | None, on_error: Callable[[OSError], None]) -> Iterator[Path]:
    """Yield files, and links to folders, which are not followed."""
    for place, folders, names in os.walk(folder, onerror=on_error):
        below = [Path(place, name) for name in sorted(folders) if not name.startswith(".")]
        folders[:] = [path.name for path in below if path != excluded]
        yield from (path for path in below if path.is_symlink())
        for name in sorted(names):
            path = Path(place, name)
            # A link that leads nowhere is to be reported; pipes and devices are nothing to read.
            if not name.startswith(".") and (path.is_file() or not path.exists()):
                yield path
