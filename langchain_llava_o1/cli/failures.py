"""What a failing command says and which exit code it leaves."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperGroup

from langchain_llava_o1.cli.exit_codes import EXIT_BAD_USAGE, EXIT_FAILED, EXIT_INTERRUPTED
from langchain_llava_o1.cli.output import discard_unwritable_output, write_error
from langchain_llava_o1.errors import ConfigurationError, LlavaO1Error


class BadUsageError(LlavaO1Error):
    """Options were given that do not go together."""


@contextmanager
def checking_usage() -> Iterator[None]:
    """Turn what the package refuses of the options into bad usage."""
    try:
        yield
    except ConfigurationError as error:
        raise BadUsageError(str(error)) from error


@dataclass
class Invocation:
    """What the options say about the run as a whole.

    Attributes:
        is_debug: Whether a failure shows its traceback.
    """

    is_debug: bool = False


def describe(error: Exception) -> str:
    """Say in one line what went wrong."""
    if isinstance(error, LlavaO1Error):
        message = str(error) or type(error).__name__
    elif isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        message = f"{place}{error.strerror}"
    else:
        message = f"unexpected {type(error).__name__}: {error} (--debug shows where)"
    return " ".join(message.split())


def report(error: Exception) -> None:
    """Write the line that says what went wrong; nothing where only the output's reader has gone."""
    if not isinstance(error, BrokenPipeError):
        write_error(f"llava-o1: error: {describe(error)}")


class FailureReportingGroup(TyperGroup):
    """Commands whose failures become one line on standard error and an exit code.

    Bad usage has code 2, as the parser gives it; an interrupt gives 130, every other failure 1.
    """

    def main(self, args: Sequence[str] | None = None, *further: Any, **options: Any) -> Any:
        """Run the command line; also reports what fails outside a command, such as writing the help."""
        options.setdefault("obj", Invocation())
        try:
            return super().main(args, *further, **options)
        except (LlavaO1Error, OSError) as error:
            if options["obj"].is_debug:
                raise
            report(error)
            sys.exit(EXIT_FAILED)
        finally:
            discard_unwritable_output()

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            write_error("llava-o1: interrupted")
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except Exception as error:
            is_the_parsers_own = hasattr(error, "exit_code") or isinstance(error, typer.Abort)
            if is_the_parsers_own:
                _tell_plainly(error)
                raise
            if ctx.ensure_object(Invocation).is_debug:
                raise
            report(error)
            is_bad_usage = isinstance(error, BadUsageError)
            raise typer.Exit(EXIT_BAD_USAGE if is_bad_usage else EXIT_FAILED) from None


def _tell_plainly(error: Exception) -> None:
    """Put words of ours in the place of pydantic's, by which the parser may read values."""
    parameter: Any = getattr(error, "param", None)
    if not isinstance(error, typer.BadParameter) or not hasattr(parameter, "get_runtime_param"):
        return
    # Without a value to refuse, the command line does not load pydantic.
    from pydantic import ValidationError

    from langchain_llava_o1.validation import describe_refused_value

    refusal, adapter = error.__cause__, getattr(parameter.get_runtime_param(), "adapter", None)
    if isinstance(refusal, ValidationError) and adapter is not None:
        error.message = describe_refused_value(refusal, adapter.json_schema())
