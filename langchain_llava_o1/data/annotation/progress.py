"""How far an annotation is, what it took, and what it will take."""

import time
from collections import Counter
from dataclasses import dataclass, field

from langchain_llava_o1.data.annotation.annotator import FAILED, Outcome
from langchain_llava_o1.data.annotation.spending import Spending, Usage


@dataclass(frozen=True)
class AnnotationReport:
    """What an annotation came to, or has come to so far.

    Attributes:
        folder: Where it is.
        num_questions: Questions of the set.
        num_problems: What is wrong with lines of the set; some of these lines may give no question.
        num_annotated: Questions that have an annotation.
        num_refused: Questions that have none after all tries.
        num_failed: Questions that a try could not be made for, as after errors of the provider.
        num_unreadable: Verdicts of this start that could not be read.
        num_calls: Model calls that were paid for, by all starts.
        input_tokens: Tokens read in them.
        output_tokens: Tokens generated in them.
        cost: What they cost, in the currency of the prices.
        seconds: How long this start has taken.
        seconds_left: How long it will take at this pace; None where nothing is known yet.
        is_budget_reached: Whether it stopped at the budget.
    """

    folder: str
    num_questions: int
    num_problems: int
    num_annotated: int
    num_refused: int
    num_failed: int
    num_unreadable: int
    num_calls: int
    input_tokens: int
    output_tokens: int
    cost: float
    seconds: float
    seconds_left: float | None
    is_budget_reached: bool

    @property
    def num_done(self) -> int:
        """Questions that something came of."""
        return self.num_annotated + self.num_refused + self.num_failed


@dataclass
class Tally:
    """Counts what comes of questions.

    Attributes:
        folder: Where the annotation is.
        num_questions: Questions of the set.
        num_problems: What is wrong with lines of the set.
        num_annotated: Questions that have an annotation.
        refused: Questions that were left without one, by outcome.
    """

    folder: str
    num_questions: int
    num_problems: int
    spending: Spending
    num_annotated: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    is_budget_reached: bool = False
    _num_unreadable: int = 0
    _num_done_now: int = 0
    _started: float = field(default_factory=time.monotonic)

    def add(self, outcome: Outcome) -> None:
        """Count what came of a question now."""
        self._num_done_now += 1
        self._num_unreadable += outcome.num_unreadable
        if outcome.refusal is None:
            self.num_annotated += 1
        else:
            self.refused[outcome.refusal.outcome] += 1

    def report(self) -> AnnotationReport:
        """Say how far it is."""
        seconds = time.monotonic() - self._started
        num_left = self.num_questions - self.num_annotated - self.refused.total()
        pace = seconds / self._num_done_now if self._num_done_now else None
        used: Usage = self.spending.total
        return AnnotationReport(
            folder=self.folder,
            num_questions=self.num_questions,
            num_problems=self.num_problems,
            num_annotated=self.num_annotated,
            num_refused=self.refused.total() - self.refused[FAILED],
            num_failed=self.refused[FAILED],
            num_unreadable=self._num_unreadable,
            num_calls=used.num_calls,
            input_tokens=used.input_tokens,
            output_tokens=used.output_tokens,
            cost=self.spending.cost,
            seconds=round(seconds, 2),
            seconds_left=None if pace is None else round(pace * num_left, 2),
            is_budget_reached=self.is_budget_reached,
        )
