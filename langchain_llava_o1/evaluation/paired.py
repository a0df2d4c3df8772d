"""Two strategies on the same items: whether one is right more often by more than chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb


@dataclass(frozen=True)
class PairedDifference:
    """How a strategy does beside another one on the same items.

    Attributes:
        against: What the other one is called.
        difference: Accuracy minus that of the other one.
        gained: Items of which this one made more: got them right where the other one did not.
        lost: Items of which the other one made more.
        p_value: Of McNemar's exact test, two-sided: how likely so unequal a split of those items is where
            neither strategy is better.
    """

    against: str
    difference: float
    gained: int
    lost: int
    p_value: float


def compare_paired(ours: Sequence[float], theirs: Sequence[float], against: str) -> PairedDifference:
    """Compare the scores of each item, at least one, in the same order."""
    gained = sum(one > other for one, other in zip(ours, theirs, strict=True))
    lost = sum(other > one for one, other in zip(ours, theirs, strict=True))
    return PairedDifference(
        against=against,
        difference=(sum(ours) - sum(theirs)) / len(ours),
        gained=gained,
        lost=lost,
        p_value=mcnemar_p_value(gained, lost),
    )


def mcnemar_p_value(gained: int, lost: int) -> float:
    """Return the two-sided p-value of McNemar's exact test.

    Source: Q. McNemar, "Note on the sampling error of the difference between correlated proportions or
    percentages", 1947; exact form: under the null hypothesis each discordant item is a fair coin.
    """
    discordant = gained + lost
    tail = sum(comb(discordant, number) for number in range(min(gained, lost) + 1))
    return min(1.0, tail / (1 << max(0, discordant - 1)))
