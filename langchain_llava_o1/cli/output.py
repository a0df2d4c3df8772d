"""Writing to standard output and standard error, which may be full, closed or a pipe without a reader."""

import contextlib
import os
import sys
from typing import TextIO

from langchain_llava_o1.errors import LlavaO1Error


class OutputError(LlavaO1Error):
    """Standard output cannot be written to."""


def write_output(text: str) -> None:
    """Write ``text`` to standard output at once, so that a failure shows here and not at exit.

    Raises:
        BrokenPipeError: If whoever read the output has gone.
        OutputError: If the output is closed or cannot take the text.
    """
    if sys.stdout is None:
        raise OutputError("standard output is closed; send it to a file or to /dev/null instead")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except UnicodeEncodeError as error:
        # A terminal's narrow encoding should cost a character, not the answer.
        encoding = error.encoding
        write_output(text.encode(encoding, errors="backslashreplace").decode(encoding))
    except OSError as error:
        raise OutputError(
            f"cannot write to standard output: {error.strerror or error}; "
            "free some space or send the output elsewhere"
        ) from error


def write_error(line: str) -> None:
    """Write a line to standard error; if that fails, the line is lost and nothing else happens."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        discard(sys.stderr)


def discard_unwritable_output() -> None:
    """Drop what standard output still holds and cannot write, which the interpreter would fail on at exit."""
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except (OSError, ValueError):
            discard(sys.stdout)


def discard(stream: TextIO | None) -> None:
    """Send whatever ``stream`` still holds nowhere, so that the interpreter's last flush cannot fail."""
    if stream is None:
        return
    with contextlib.suppress(OSError, ValueError):
        descriptor = stream.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
