"""What commands say that have models answer many questions: how far they are, and why they stop."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

import typer

from langchain_llava_o1.cli.exit_codes import EXIT_FAILED
from langchain_llava_o1.cli.output import write_error

_SECONDS_PER_REPORT = 5.0

Report = TypeVar("Report")


class Ticker(Generic[Report]):
    """Says on standard error, every few seconds, how far a command is."""

    def __init__(self, describe: Callable[[Report], str]) -> None:
        """Begin to wait; ``describe`` says a report in a line."""
        self._describe = describe
        self._next = time.monotonic() + _SECONDS_PER_REPORT

    def show(self, report: Report) -> None:
        """Say it, if it is time."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _SECONDS_PER_REPORT
            write_error(self._describe(report))


def leave_if_questions_failed(number: int, advice: str) -> None:
    """Leave with exit code 1 where questions failed; ``advice`` says where the reasons are, a sentence."""
    if number:
        failed = "1 question" if number == 1 else f"{number:,} questions"
        write_error(f"llava-o1: error: {failed} failed; start again to try what failed once more. {advice}")
        raise typer.Exit(EXIT_FAILED)


def leave_if_budget_is_reached(*, is_reached: bool) -> None:
    """Leave with exit code 1 where a command stopped at its budget."""
    if is_reached:
        write_error(
            "llava-o1: error: stopped at the budget; start again with a larger one to go on where it stopped"
        )
        raise typer.Exit(EXIT_FAILED)
