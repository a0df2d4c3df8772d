"""What commands say of lines of a set that something is wrong with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from langchain_llava_o1.cli.output import write_error
from langchain_llava_o1.data.problem import Problem

if TYPE_CHECKING:
    from langchain_llava_o1.data.annotation.survey import LineProblems


@contextmanager
def telling_problems() -> Iterator[Callable[[Problem], None]]:
    """Say on standard error what is wrong with lines as it is found: the first problems, then the counts."""
    from langchain_llava_o1.training.problem_report import ProblemReport

    report = ProblemReport(lambda text: write_error(f"llava-o1: warning: {text}"))
    try:
        yield report.add
    finally:
        report.sum_up()


def tell_problems(problems: "LineProblems") -> None:
    """Say on standard error what is wrong with lines: the first problems, then how many there are."""
    for problem in problems.first:
        write_error(f"llava-o1: warning: {problem}")
    if problems.number:
        num_untold = problems.number - len(problems.first)
        others = f", {num_untold:,} of them not told" if num_untold else ""
        write_error(
            f"llava-o1: warning: {describe_problems(problems.number)} in the questions{others}; "
            "lines that give no question are left out"
        )


def describe_problems(number: int) -> str:
    """Say how many problems there are."""
    return "1 problem" if number == 1 else f"{number:,} problems"
