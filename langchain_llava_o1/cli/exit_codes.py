"""The exit codes of `llava-o1`."""

EXIT_FAILED = 1
EXIT_BAD_USAGE = 2
"""As the parser of the command line gives it."""

EXIT_INTERRUPTED = 130
