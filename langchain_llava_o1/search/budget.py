"""How much a search may still do."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from langchain_core.messages.ai import UsageMetadata

from langchain_llava_o1.search.records import StageRecord
from langchain_llava_o1.search.settings import BudgetSettings
from langchain_llava_o1.staging.parts.part import Part


class Spending(NamedTuple):
    """What was spent: model calls, and tokens that they generated."""

    num_calls: int
    num_tokens: int

    def with_calls(self, usages: Iterable[UsageMetadata | None]) -> "Spending":
        """Add calls, each with its usage."""
        calls = list(usages)
        tokens = sum(usage["output_tokens"] for usage in calls if usage)
        return Spending(self.num_calls + len(calls), self.num_tokens + tokens)


class Allowance(NamedTuple):
    """How many calls may be made, and the name of the limit if those are fewer than were wanted."""

    num_calls: int
    limit: str | None


def spent_on(records: Iterable[StageRecord]) -> Spending:
    """Add up what steps took."""
    found = list(records)
    return Spending(
        sum(record["num_calls"] for record in found),
        sum(record["usage"]["output_tokens"] for record in found if record["usage"]),
    )


@dataclass(frozen=True)
class Budget:
    """The limits of a search, and when it began.

    Once a limit is reached nothing more is drawn to choose from, and nothing compared: what is missing of
    the answer is written in one last call. That call is set aside from the beginning, so that ``max_calls``
    always holds; the other two limits it may pass.

    Attributes:
        limits: The limits.
        started: When the search began, in seconds since the epoch: a resumed search goes on with its time.
    """

    limits: BudgetSettings
    started: float

    def reached(self, spent: Spending, part: Part) -> str | None:
        """Return the name of the limit that was reached before more is done for ``part``, or None."""
        limits = self.limits
        if limits.max_calls is not None and spent.num_calls >= limits.max_calls - _num_kept(part):
            return "max_calls"
        if limits.max_tokens_total is not None and spent.num_tokens >= limits.max_tokens_total:
            return "max_tokens_total"
        if limits.max_seconds is not None and time.time() - self.started >= limits.max_seconds:
            return "max_seconds"
        return None

    def allow(self, spent: Spending, part: Part, *, wanted: int) -> Allowance:
        """Return how many of the calls that are wanted for ``part`` may be made."""
        if limit := self.reached(spent, part):
            return Allowance(0, limit)
        most = self.limits.max_calls
        if most is None or wanted <= most - _num_kept(part) - spent.num_calls:
            return Allowance(wanted, None)
        return Allowance(most - _num_kept(part) - spent.num_calls, "max_calls")


def _num_kept(part: Part) -> int:
    """Return how many calls are kept for what comes after a part: one, unless the answer ends with it."""
    return 0 if part.is_last else 1
