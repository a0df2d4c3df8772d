"""What is wrong with the lines of a set, told as it is found: the first problems, and how many there are."""

from collections import Counter
from collections.abc import Callable

from langchain_llava_o1.data.problem import Problem

_TOLD = 20


class ProblemReport:
    """Tells of the first problems at once, and counts the others and the lines that are left out."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        """Choose how a warning is given."""
        self._warn = warn
        self._num_problems = 0
        self._untold: Counter[str] = Counter()
        self._left_out: set[tuple[str, int]] = set()
        self._is_summed_up = True

    def add(self, problem: Problem) -> None:
        """Tell of a problem, or count it."""
        self._num_problems += 1
        self._is_summed_up = False
        if problem.is_left_out:
            self._left_out.add((problem.file, problem.line))
        if self._num_problems <= _TOLD:
            self._warn(str(problem))
        else:
            self._untold[problem.kind] += 1

    def sum_up(self) -> None:
        """Give the counts, unless nothing has been added since they were given."""
        if self._is_summed_up:
            return
        self._is_summed_up = True
        if self._untold:
            kinds = ", ".join(f"{kind} {number:,}" for kind, number in self._untold.most_common())
            number = f"{self._untold.total():,} further problems"
            self._warn(f"{number} ({kinds}); correct the first ones to be told of them")
        if self._left_out:
            self._warn(f"{len(self._left_out):,} lines were left out")
