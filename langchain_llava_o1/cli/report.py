"""Writing a result's page to a file that is either whole or not there."""

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_llava_o1.errors import ConfigurationError

if TYPE_CHECKING:
    from langchain_llava_o1 import SearchResult


def check_report_path(path: Path) -> None:
    """See that a report can be written, before a search is made for it.

    Raises:
        ConfigurationError: If the path is a folder, or in one that does not exist or cannot be written to.
    """
    folder = path.resolve().parent
    if path.is_dir():
        raise ConfigurationError(f"--report {path}: it is a folder; name a file, as in report.html.")
    if path.exists() and not path.is_file():
        raise ConfigurationError(f"--report {path}: it is no ordinary file; name one, as in report.html.")
    if not folder.is_dir():
        raise ConfigurationError(f"--report {path}: there is no folder {folder}; make it first.")
    if not os.access(folder, os.W_OK):
        raise ConfigurationError(f"--report {path}: nothing can be written to {folder}; name another place.")


def write_report(result: "SearchResult", path: Path) -> None:
    """Write the page of a result, in the place of what was there.

    Raises:
        OSError: If the file cannot be written; what was there is left as it is.
    """
    # What a link leads to is replaced, not the link.
    path = path.resolve()
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(result.to_html(), encoding="utf-8")
        unfinished.replace(path)
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink()
