"""The command line, `llava-o1`: one module per command; `app` mounts them."""

import contextlib
import os
import sys
from typing import NoReturn

from langchain_llava_o1.cli.exit_codes import EXIT_INTERRUPTED


def main() -> NoReturn:
    """Run `llava-o1` and leave with its exit code."""
    try:
        from langchain_llava_o1.cli.app import app

        app()
        code: int | str | None = 0
    except SystemExit as leaving:
        code = leaving.code
    except KeyboardInterrupt:
        print("llava-o1: interrupted", file=sys.stderr)
        code = EXIT_INTERRUPTED
    if code == EXIT_INTERRUPTED:
        # A normal exit would wait for the thread that is reading gigabytes of weights.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stderr.flush()
        os._exit(EXIT_INTERRUPTED)
    sys.exit(code)
