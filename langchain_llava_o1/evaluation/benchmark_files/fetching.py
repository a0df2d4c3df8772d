"""Fetching a benchmark's file from its published address: resumed where it stopped, checked by its MD5."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from langchain_llava_o1.errors import LlavaO1Error
from langchain_llava_o1.evaluation.benchmark_files.published_files import PublishedFile, md5_of

_CHUNK_BYTES = 2**20
_TIMEOUT_SECONDS = 60.0
_PARTIAL_ENDING = ".partial"

ReportBytes = Callable[[int, int | None], None]
"""Told the bytes that are there and those of the whole file; None where the server does not say."""


class FetchError(LlavaO1Error, RuntimeError):
    """A file cannot be fetched as it is published."""


@dataclass(frozen=True)
class FetchedFile:
    """A file that is there, and has the MD5 that it should.

    Attributes:
        path: Where it is.
        is_new: Whether it was fetched now.
    """

    path: Path
    is_new: bool


def fetch_file(
    file: PublishedFile,
    folder: Path,
    *,
    url: str | None = None,
    report: ReportBytes = lambda done, total: None,
) -> FetchedFile:
    """Fetch a file into a folder; one that is there already with the right MD5 is left as it is.

    One with another MD5 is fetched anew, and overwritten when the new one is whole.
    What arrives is kept beside it under another name until it is whole and checked, so that a download that
    was cut off goes on where it stopped.

    Args:
        file: What to fetch.
        folder: Where to; made if it is missing.
        url: Where from, in place of the published address; the MD5 must be the same.
        report: Told of progress.

    Raises:
        FetchError: If the server cannot be reached or refuses, or the file has another MD5.
        OSError: If it cannot be written.
    """
    path = folder / file.file_name
    if path.is_file() and md5_of(path) == file.md5:
        return FetchedFile(path, is_new=False)
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + _PARTIAL_ENDING)
    address = url or file.url
    try:
        _download(address, partial, report)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        found = str(error) or type(error).__name__
        raise FetchError(
            f"{address} cannot be fetched ({found}). Run the command again, which goes on where this "
            "stopped, or name another address of the file with --url; its MD5 is checked all the same."
        ) from error
    if (found := md5_of(partial)) != file.md5:
        partial.unlink()
        raise FetchError(
            f"What {address} sends is not {file.file_name} as it was published: its MD5 is {found}, expected "
            f"was {file.md5}. It was deleted; try again, or name another address with --url."
        )
    partial.replace(path)
    return FetchedFile(path, is_new=True)


def _download(url: str, partial: Path, report: ReportBytes) -> None:
    """Append what is missing of a file; begin anew where the server sends no parts of files."""
    num_bytes = partial.stat().st_size if partial.exists() else 0
    # Compressed, a part of the file could not be told from where it begins.
    headers = {"Accept-Encoding": "identity"}
    if num_bytes:
        headers["Range"] = f"bytes={num_bytes}-"
    with httpx.stream(
        "GET", url, headers=headers, follow_redirects=True, timeout=_TIMEOUT_SECONDS
    ) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            # Everything is there, or it is something else, which its MD5 will tell.
            return
        if not response.is_success:
            raise httpx.HTTPError(f"it answers {response.status_code} {response.reason_phrase}")
        is_resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        num_bytes = num_bytes if is_resumed else 0
        missing = response.headers.get("Content-Length")
        total = num_bytes + int(missing) if missing else None
        with partial.open("ab" if is_resumed else "wb") as target:
            for chunk in response.iter_bytes(_CHUNK_BYTES):
                target.write(chunk)
                num_bytes += len(chunk)
                report(num_bytes, total)
