"""`llava-o1 bench fetch`: the files of published benchmarks, from where they are published."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from langchain_llava_o1.cli.failures import checking_usage, describe
from langchain_llava_o1.cli.options import DebugOption
from langchain_llava_o1.cli.output import write_error, write_output
from langchain_llava_o1.evaluation.benchmark_files.published_files import (
    PublishedFile,
    benchmark_folder,
    find_published,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_llava_o1.evaluation.benchmark_files.fetching import FetchedFile, FetchError

_MEGABYTE = 1_000_000
_NUM_LINES = 20
"""How often progress is told of a file."""


def fetch(
    names: Annotated[
        str,
        typer.Argument(
            metavar="NAME[,NAME…]",
            help="Benchmarks, such as mmstar, or files, such as AI2D_TEST.",
            show_default=False,
        ),
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="FOLDER",
            help="Where to. Default: $LMUData, else ~/LMUData.",
            show_default=False,
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            metavar="ADDRESS",
            help="Fetch one file from there; it must have the same MD5.",
            show_default=False,
        ),
    ] = None,
    is_debug: DebugOption = False,
) -> None:
    """Fetch benchmarks from where they are published, and check them.

    A download that was cut off goes on where it stopped. One that fails does not stop the others.
    """
    with checking_usage():
        files = [find_published(name) for name in dict.fromkeys(name.strip() for name in names.split(","))]
    if url is not None and len(files) > 1:
        raise typer.BadParameter("an address is that of one file; give one name.", param_hint="--url")
    # It loads the HTTP client, which no other command needs.
    from langchain_llava_o1.evaluation.benchmark_files.fetching import FetchError

    failures = []
    for file in files:
        try:
            fetched = _fetch(file, benchmark_folder(data), url)
        except FetchError as error:
            failures.append(error)
        else:
            state = "fetched" if fetched.is_new else "already there"
            write_output(f"{fetched.path}  {state}, MD5 {file.md5}\n")
    if failures:
        _tell(failures, len(files))


def _fetch(file: PublishedFile, folder: Path, url: str | None) -> "FetchedFile":
    """Fetch a file, and say how far it is.

    Raises:
        FetchError: If it cannot be fetched, or cannot be kept in the folder.
    """
    from langchain_llava_o1.evaluation.benchmark_files.fetching import FetchError, fetch_file

    try:
        return fetch_file(file, folder, url=url, report=_Counter(file).report)
    except OSError as error:
        raise FetchError(
            f"{file.file_name} cannot be kept in {folder} ({describe(error)}). See that there is room and "
            "that you may write there, or name another folder with --data."
        ) from error


def _tell(failures: "Sequence[FetchError]", num_files: int) -> NoReturn:
    """Say what could not be fetched: one failure is the command's own, several are told before it fails."""
    if num_files == 1:
        raise failures[0]
    for failure in failures:
        write_error(str(failure))
    raise type(failures[0])(
        f"{len(failures)} of {num_files} files could not be fetched; the others are there."
    )


class _Counter:
    """Says on standard error how much of a file is there."""

    def __init__(self, file: PublishedFile) -> None:
        self._file = file
        self._next = 0.0

    def report(self, done: int, total: int | None) -> None:
        """Say how much is there, now and then."""
        if done < self._next and done != total:
            return
        self._next = done + (total / _NUM_LINES if total else 10 * _MEGABYTE)
        of_all = f" of {total / _MEGABYTE:.1f}" if total else ""
        write_error(f"{self._file.file_name}: {done / _MEGABYTE:.1f}{of_all} MB")
