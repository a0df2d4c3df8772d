"""Where the pictures of a data set are: in a folder, in a zip that stays packed, or nowhere."""

import os
import posixpath
import zipfile
import zlib
from abc import ABC, abstractmethod
from pathlib import Path

from langchain_llava_o1.data.picture_files.zip_parts import PARTS_PATTERN, open_parts
from langchain_llava_o1.errors import ConfigurationError, ImageError
from langchain_llava_o1.pictures.base64_text import (
    decode_base64,
    estimate_num_bytes,
    is_data_url,
    shorten,
    split_data_url,
)
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.pictures.sources import read_file


class PictureFiles(ABC):
    """Where the paths of a data set lead.

    A data set may come from strangers: its paths are only followed below the folder, or inside the zip. Data
    URLs, which hold their picture, are always read.
    """

    def __init__(self, policy: ImagePolicy) -> None:
        """Take the limits on pictures."""
        self._policy = policy

    def has(self, reference: str) -> bool:
        """Tell whether there is a file for a picture; what it holds is not looked at."""
        if is_data_url(reference):
            return True
        inner = _inner_path(reference)
        return inner is not None and self._has_file(inner)

    def read(self, reference: str) -> bytes:
        """Return the bytes of a picture's file.

        Raises:
            ImageError: If there is none, it is too large, or its path leads elsewhere.
        """
        if is_data_url(reference):
            _, text = split_data_url(reference)
            self._policy.check_num_bytes(estimate_num_bytes(text))
            return decode_base64(text)
        inner = _inner_path(reference)
        if inner is None:
            raise ImageError(
                f"{shorten(reference)!r} leads out of the pictures of this set, {self}. "
                "Write a path below them."
            )
        return self._read_file(inner)

    def open(self, reference: str) -> Picture:
        """Read and decode a picture.

        Raises:
            ImageError: If it cannot be read, or is no picture.
        """
        return Picture.decode(self.read(reference), self._policy)

    @abstractmethod
    def _has_file(self, inner: str) -> bool: ...

    @abstractmethod
    def _read_file(self, inner: str) -> bytes: ...

    @abstractmethod
    def __str__(self) -> str:
        """Name them, for messages."""


class PictureFolder(PictureFiles):
    """Pictures in a folder and those below it. Links that its owner put there are followed."""

    def __init__(self, folder: Path, policy: ImagePolicy) -> None:
        """Take the folder that paths are relative to."""
        super().__init__(policy)
        self._folder = folder

    def _has_file(self, inner: str) -> bool:
        try:
            return (self._folder / inner).is_file()
        except (OSError, ValueError):
            return False

    def _read_file(self, inner: str) -> bytes:
        return read_file(self._folder / inner, self._policy)

    def __str__(self) -> str:
        return f"the folder {self._folder}"


class PictureZip(PictureFiles):
    """Pictures in a zip, read without unpacking it; the zip may be in parts."""

    def __init__(self, path: Path, policy: ImagePolicy) -> None:
        """Open the zip.

        Args:
            path: The zip, or the first of its parts.
            policy: The limits on pictures.

        Raises:
            ConfigurationError: If it is no zip, or a part is missing.
        """
        super().__init__(policy)
        self._path = path
        self._open_zip()

    def _open_zip(self) -> None:
        try:
            # Of a path the zip closes the file when nobody needs it any more.
            is_first_part = PARTS_PATTERN.search(self._path.name)
            self._zip = zipfile.ZipFile(open_parts(self._path) if is_first_part else self._path)
        except (OSError, zipfile.BadZipFile) as error:
            raise ConfigurationError(
                f"{self._path} cannot be read as a zip ({error}). Check that it and all its parts are whole."
            ) from error
        self._process = os.getpid()

    def _current(self) -> zipfile.ZipFile:
        # Processes that were forked share the position in the file, and would read from where another one is.
        if self._process != os.getpid():
            self._open_zip()
        return self._zip

    def _has_file(self, inner: str) -> bool:
        return inner in self._current().NameToInfo

    def _read_file(self, inner: str) -> bytes:
        try:
            found = self._current().getinfo(inner)
            self._policy.check_num_bytes(found.file_size)
            return self._current().read(found)
        except KeyError as error:
            raise ImageError(
                f"{self} has no {shorten(inner)}. Check the path, or add the picture."
            ) from error
        # Broken data, an unknown compression, a password: each is told in a class of its own.
        except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
            raise ImageError(
                f"{shorten(inner)} in {self} cannot be read ({error}). Fetch it anew."
            ) from error

    def __reduce__(self) -> tuple[type["PictureZip"], tuple[Path, ImagePolicy]]:
        return PictureZip, (self._path, self._policy)

    def __str__(self) -> str:
        return f"the zip {self._path}"


class NoPictures(PictureFiles):
    """No pictures at all: only data URLs can be read."""

    def _has_file(self, inner: str) -> bool:
        return False

    def _read_file(self, inner: str) -> bytes:
        raise ImageError(f"The set was opened without pictures, so that {shorten(inner)} is missing.")

    def __str__(self) -> str:
        return "no pictures"


def open_picture_files(path: Path | None, policy: ImagePolicy | None = None) -> PictureFiles:
    """Open the pictures of a set.

    Args:
        path: A folder, a zip, or the first part of a zip, as in ``image.zip.part-aa``; None for no pictures.
        policy: Limits; the default ones if None.

    Raises:
        ConfigurationError: If there is neither a folder nor a zip.
    """
    policy = policy or ImagePolicy()
    if path is None:
        return NoPictures(policy)
    if path.is_dir():
        return PictureFolder(path, policy)
    if path.is_file() and (path.suffix.lower() == ".zip" or PARTS_PATTERN.search(path.name)):
        return PictureZip(path, policy)
    raise ConfigurationError(
        f"There are no pictures at {path}: it is neither a folder nor a zip. Name the folder that the paths "
        "of the set are relative to, a zip, or its first part."
    )


def _inner_path(reference: str) -> str | None:
    """Return a path below the folder, with "/"; None for one that leads elsewhere."""
    normal = posixpath.normpath(reference.replace("\\", "/"))
    is_outside = normal.startswith(("/", "../")) or normal in ("..", ".") or ":" in normal.split("/")[0]
    return None if is_outside or "\0" in normal else normal
