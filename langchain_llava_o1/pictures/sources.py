"""Where a picture may come from: bytes, base64, a data URL, an https URL, or a path that is allowed."""

import os
import re
import stat
import urllib.parse
from pathlib import Path
from typing import NamedTuple

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.advice import (
    ALLOW_A_FOLDER,
    ALLOW_ANOTHER_FOLDER,
    ALLOW_URLS,
    SEND_IN_BASE64,
)
from langchain_llava_o1.pictures.base64_text import (
    decode_base64,
    estimate_num_bytes,
    is_base64,
    shorten,
    split_data_url,
)
from langchain_llava_o1.pictures.download import download
from langchain_llava_o1.pictures.pdf import PageReference, pages_of, read_page_reference
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.pictures.policy import ImagePolicy

_LONGEST_PATH = 4096
_LIKE_A_PATH = re.compile(r"[./\\]")
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)


class ImageSource(NamedTuple):
    """Where a picture or a PDF file comes from: exactly one of the two is set.

    Attributes:
        data: The bytes of the file, or their base64 text.
        location: A data URL, an https URL, a file URL or a path, or base64 that a sender put in its place.
            ``#page=3`` after the name of a PDF file makes a picture of that page.
    """

    data: bytes | str | None = None
    location: str | None = None


def load_picture(source: ImageSource, policy: ImagePolicy, where: str) -> Picture:
    """Read a picture that somebody else sends or names.

    Args:
        source: Where the picture comes from.
        policy: What is allowed.
        where: Names the message and block in errors, as in ``messages[0].content[1]``.

    Raises:
        ImageError: The picture is missing, broken, too large or from a place that is not allowed.
    """
    try:
        page = read_page_reference(source.location or "")
        if page is not None:
            return _draw(_read(ImageSource(location=page.location), policy), page, policy)
        return Picture.decode(_read(source, policy), policy)
    except ImageError as error:
        raise ImageError(f"{where}: {error}") from error


def read_source(source: ImageSource, policy: ImagePolicy, where: str) -> bytes:
    """Read a file that somebody else sends or names; what it holds is not looked at.

    Args:
        source: Where the file comes from.
        policy: What is allowed.
        where: Names the message and block in errors, as in ``messages[0].content[1]``.

    Raises:
        ImageError: The file is missing, too large or from a place that is not allowed.
    """
    try:
        return _read(source, policy)
    except ImageError as error:
        raise ImageError(f"{where}: {error}") from error


def load_reference(reference: str, policy: ImagePolicy, where: str) -> Picture:
    """Read a picture that somebody else gives as one text.

    Args:
        reference: The picture in base64, a data URL, an https or file URL, or a path; after the name of a PDF
            file ``#page=3``.
        policy: What is allowed.
        where: Names the input in errors.

    Raises:
        ImageError: The picture is missing, broken, too large or from a place that is not allowed.
    """
    return load_picture(ImageSource(location=reference), policy, where)


def open_picture(picture: str | Path | bytes, policy: ImagePolicy) -> Picture:
    """Read a picture of one's own.

    Args:
        picture: A path, a data URL, or the bytes of a picture file. Any path may be read: it is the caller's.
            ``report.pdf#page=3`` is a page of a PDF file.
        policy: Limits.

    Raises:
        ImageError: The picture is missing, broken or too large.
    """
    if isinstance(picture, bytes):
        return Picture.decode(picture, policy)
    if str(picture).startswith("data:"):
        return Picture.decode(_decode_data_url(str(picture), policy), policy)
    try:
        page = read_page_reference(str(picture))
        if page is not None:
            return _draw(read_file(Path(page.location), policy), page, policy)
        return Picture.decode(read_file(Path(picture), policy), policy)
    except ImageError as error:
        raise ImageError(f"{shorten(str(picture))}: {error}") from error


def read_file(path: Path, policy: ImagePolicy) -> bytes:
    """Read a picture's file of one's own, wherever it is; what it holds is not looked at.

    Raises:
        ImageError: It is missing, no regular file, or too large.
    """
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for a writer that may never come.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _NONBLOCK)) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ImageError(f"{path} is not a regular file. Name a picture file.")
            policy.check_num_bytes(status.st_size)
            return file.read(policy.max_bytes + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, ImageError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise ImageError(f"{path} cannot be read ({reason}). Check the path.") from error


def _draw(data: bytes, page: PageReference, policy: ImagePolicy) -> Picture:
    (drawn,) = pages_of(data, policy, pages=[page.page])
    return drawn


def _read(source: ImageSource, policy: ImagePolicy) -> bytes:
    if isinstance(source.data, bytes):
        return source.data
    if source.data is not None:
        return _decode_base64(source.data, policy)
    location = (source.location or "").strip()
    if not location:
        raise ImageError(f"The picture is empty. {SEND_IN_BASE64}")
    scheme = location.split(":", 1)[0].lower() if ":" in location[:12] else ""
    if scheme == "data":
        return _decode_data_url(location, policy)
    if scheme in ("http", "https"):
        return _fetch(location, policy)
    if scheme == "file":
        return _read_allowed(urllib.parse.unquote(urllib.parse.urlsplit(location).path), policy)
    if "://" in location:
        raise ImageError(
            f"Pictures at {scheme}:// addresses are not read ({shorten(location)}). {SEND_IN_BASE64}"
        )
    if is_base64(location) and not _is_allowed_file(location, policy):
        return _decode_base64(location, policy)
    return _read_allowed(location, policy)


def _decode_data_url(url: str, policy: ImagePolicy) -> bytes:
    _, text = split_data_url(url)
    return _decode_base64(text, policy)


def _decode_base64(text: str, policy: ImagePolicy) -> bytes:
    # Refused before the memory for decoding is spent.
    policy.check_num_bytes(estimate_num_bytes(text))
    return decode_base64(text)


def _fetch(url: str, policy: ImagePolicy) -> bytes:
    if not policy.allow_urls:
        raise ImageError(f"Pictures are not fetched from URLs ({shorten(url)}). {ALLOW_URLS}")
    return download(url, max_bytes=policy.max_bytes, timeout=policy.url_timeout)


def _read_allowed(path: str, policy: ImagePolicy) -> bytes:
    if not policy.allowed_roots:
        # A single word may be meant as base64 as well as a path.
        reading = "" if _LIKE_A_PATH.search(path) else ", and it is no picture in base64"
        raise ImageError(f"Paths in messages are not read ({shorten(path)}){reading}. {ALLOW_A_FOLDER}")
    try:
        resolved = _resolve_allowed(path, policy)
    except (OSError, ValueError, RuntimeError) as error:
        raise ImageError(f"{shorten(path)!r} is no usable path ({error}). Check it.") from error
    # Said of every path outside, existing or not, so that messages cannot probe the disk.
    if resolved is None:
        roots = ", ".join(map(str, policy.allowed_roots))
        raise ImageError(f"{shorten(path)} is outside the allowed folders ({roots}). {ALLOW_ANOTHER_FOLDER}")
    return read_file(resolved, policy)


def _resolve_allowed(path: str, policy: ImagePolicy) -> Path | None:
    """Return where a path leads, or None if that is outside the allowed folders."""
    resolved = Path(path).resolve()
    is_allowed = any(resolved.is_relative_to(root.resolve()) for root in policy.allowed_roots)
    return resolved if is_allowed else None


def _is_allowed_file(path: str, policy: ImagePolicy) -> bool:
    if len(path) > _LONGEST_PATH:
        return False
    try:
        resolved = _resolve_allowed(path, policy)
        return resolved is not None and resolved.is_file()
    except (OSError, ValueError, RuntimeError):
        return False
