"""Writing a page to a file that is either whole or not there."""

import contextlib
import os
from pathlib import Path

from langchain_llava_o1.errors import ConfigurationError


def check_page_path(path: Path, option: str) -> None:
    """See that a page can be written, before time is spent on what it shows.

    Args:
        path: Where to.
        option: The option that names it.

    Raises:
        ConfigurationError: If the path is a folder, or in one that does not exist or cannot be written to.
    """
    folder = path.resolve().parent
    if path.is_dir():
        raise ConfigurationError(f"{option} {path}: it is a folder; name a file, as in report.html.")
    if path.exists() and not path.is_file():
        raise ConfigurationError(f"{option} {path}: it is no ordinary file; name one, as in report.html.")
    if not folder.is_dir():
        raise ConfigurationError(f"{option} {path}: there is no folder {folder}; make it first.")
    if not os.access(folder, os.W_OK):
        raise ConfigurationError(f"{option} {path}: nothing can be written to {folder}; name another place.")


def write_page(page: str, path: Path) -> None:
    """Write a page, in the place of what was there.

    Raises:
        OSError: If the file cannot be written; what was there is left as it is.
    """
    # What a link leads to is replaced, not the link.
    path = path.resolve()
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(page, encoding="utf-8")
        unfinished.replace(path)
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink()
