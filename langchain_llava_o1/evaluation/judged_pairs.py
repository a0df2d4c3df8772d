"""What a judge made of pairs of candidates, each shown in both orders, and what that comes to."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from langchain_llava_o1.data.annotation.spending import Price, Usage
from langchain_llava_o1.evaluation.accuracy import Interval, wilson_interval
from langchain_llava_o1.evaluation.item import DamagedItemError
from langchain_llava_o1.judges.verdict import Verdict


class PairVerdict(NamedTuple):
    """What a judge made of a pair in one order.

    Attributes:
        chosen: The candidate that it chose, 0 or 1, in whatever order they were shown; None where it named
            none.
        num_calls: Model calls that it took; None where a judge scores, and does not say.
        usage: Their tokens; None where it does not say.
    """

    chosen: int | None
    num_calls: int | None
    usage: Usage | None

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON data, from which the class can be made again."""
        tokens = None if self.usage is None else [self.usage.input_tokens, self.usage.output_tokens]
        return {"chosen": self.chosen, "calls": self.num_calls, "tokens": tokens}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "PairVerdict":
        """Read what ``as_json`` wrote.

        Raises:
            KeyError: If it is something else.
            TypeError: Likewise.
        """
        tokens = data["tokens"]
        usage = None if tokens is None else Usage(data["calls"], *tokens)
        return cls(data["chosen"], data["calls"], usage)


class JudgedPair(NamedTuple):
    """What a judge made of a pair.

    Attributes:
        source: What it is counted under: where the question is from, or the part of an answer.
        better: Which candidate is better: 0 or 1; None where it is not known.
        verdicts: On the pair as it is, and swapped.
    """

    source: str
    better: int | None
    verdicts: tuple[PairVerdict, PairVerdict]

    @property
    def chosen(self) -> tuple[int | None, int | None]:
        """The candidates that the verdicts name."""
        return (self.verdicts[0].chosen, self.verdicts[1].chosen)


@dataclass(frozen=True)
class Tally:
    """What the verdicts on pairs come to.

    Attributes:
        pairs: How many, each judged in both orders.
        agreed: Share of them in which both orders name the same candidate.
        first: Share of the verdicts that name a candidate which name the one shown first; without bias a
            half. None where no verdict names any.
        unread: Share of all verdicts that name none; scores that are alike count, too.
        decisive: Pairs of which it is known which candidate is better.
        right: Share of the verdicts on those that name it; None without such pairs.
        right_in_both: Share of those pairs in which both orders name it; None without such pairs.
        interval: The 95 % interval (Wilson) of ``right``, over pairs: the two verdicts on one depend on each
            other.
        num_calls: Model calls of all verdicts; None where the judge does not say.
        usage: Their tokens; None where the judge does not say.
    """

    pairs: int
    agreed: float
    first: float | None
    unread: float
    decisive: int
    right: float | None
    right_in_both: float | None
    interval: Interval | None
    num_calls: int | None
    usage: Usage | None

    def cost_per_pair(self, price: Price | None) -> float | None:
        """Return the money that a pair takes; None without a price, or where the tokens are not known."""
        return None if price is None or self.usage is None else self.usage.cost(price) / self.pairs


def tally_pairs(judged: Sequence[JudgedPair]) -> Tally:
    """Count the verdicts on one pair or more."""
    num_pairs = len(judged)
    verdicts = [verdict for each in judged for verdict in each.verdicts]
    num_read = sum(verdict.chosen is not None for verdict in verdicts)
    # Candidate 0 is shown first in the pair as it is, and candidate 1 in the pair swapped.
    num_first = sum(chosen == order for each in judged for order, chosen in enumerate(each.chosen))
    num_right = [each.chosen.count(each.better) for each in judged if each.better is not None]
    decisive = len(num_right)
    calls = [verdict.num_calls for verdict in verdicts if verdict.num_calls is not None]
    usages = [verdict.usage for verdict in verdicts if verdict.usage is not None]
    return Tally(
        pairs=num_pairs,
        agreed=sum(each.chosen in ((0, 0), (1, 1)) for each in judged) / num_pairs,
        first=num_first / num_read if num_read else None,
        unread=1 - num_read / len(verdicts),
        decisive=decisive,
        right=sum(num_right) / (2 * decisive) if decisive else None,
        right_in_both=num_right.count(2) / decisive if decisive else None,
        interval=wilson_interval(sum(num_right) / 2, decisive) if decisive else None,
        # A sum of some of them would be a guess at the others.
        num_calls=sum(calls) if len(calls) == len(verdicts) else None,
        usage=sum(usages, Usage()) if len(usages) == len(verdicts) else None,
    )


def read_comparison(verdict: Verdict, order: int) -> PairVerdict:
    """Return what a judge that compares made of a pair, shown as it is (order 0) or swapped (order 1)."""
    chosen = None if verdict.choice is None else abs(verdict.choice - 1 - order)
    usage = verdict.usage and Usage(
        verdict.num_calls, verdict.usage["input_tokens"], verdict.usage["output_tokens"]
    )
    return PairVerdict(chosen, verdict.num_calls, usage)


def read_scores(first: float | None, second: float | None) -> PairVerdict:
    """Return what a judge that scores made of a pair: the higher score wins.

    Args:
        first: Score of candidate 0, in whatever order they were shown.
        second: Score of candidate 1.
    """
    if first is None or second is None or first == second or math.isnan(first) or math.isnan(second):
        return PairVerdict(None, None, None)
    return PairVerdict(0 if first > second else 1, None, None)


def write_share(share: float | None) -> str:
    """Write a share for a table."""
    return "–" if share is None else f"{share:.1%}"


async def judge_each(
    numbers: Iterable[int],
    judge: Callable[[int], Awaitable[None]],
    *,
    concurrency: int,
    report_damage: Callable[[DamagedItemError], None],
) -> None:
    """Have what some numbers stand for judged, many at once; what is damaged is told and left out.

    Raises:
        Exception: The first that judging one raises. No further one is begun, and those under way are
            finished, so that what they cost is not lost.
    """
    places = asyncio.Semaphore(concurrency)
    failures: list[Exception] = []

    async def judge_one(number: int) -> None:
        async with places:
            if failures:
                return
            try:
                await judge(number)
            except DamagedItemError as damage:
                report_damage(damage)
            except Exception as error:
                failures.append(error)

    async with asyncio.TaskGroup() as group:
        for number in numbers:
            group.create_task(judge_one(number))
    if failures:
        raise failures[0]
