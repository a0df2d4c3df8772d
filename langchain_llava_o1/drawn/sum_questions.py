"""Questions about sums of bars: which ones make a number is hard to find and easy to check."""

import itertools
import random
from collections.abc import Sequence

from langchain_llava_o1.drawn.charts import Bar, Chart
from langchain_llava_o1.drawn.questions import Content, Question, Solution

ADDED = 3
"""Bars that a sum is of."""


def sum_of_three(rng: random.Random, content: Content) -> Question | None:
    """Which three bars add up to a number? Only one choice of bars does."""
    assert isinstance(content, Chart)
    total = sum(bar.value for bar in rng.sample(content.bars, ADDED))

    def solve(content: Content) -> Solution | None:
        assert isinstance(content, Chart)
        found = [bars for bars in choices(content) if sum(bar.value for bar in bars) == total]
        if len(found) != 1:
            return None
        (bars,) = found
        names = name_bars(bars)
        return Solution(
            steps=(f"I take {names}. {add_up(bars)}.", f"Taking {names}. {add_up(bars)}."),
            answer=names,
            sentence=f"The bars that add up to {total} are {names}",
            reason=f"{' plus '.join(str(bar.value) for bar in bars)} is {total}",
        )

    return Question(
        kind="sum",
        text=rng.choice(
            (f"Which three bars add up to {total}?", f"The values of which three bars make {total}?")
        ),
        topic=f"which three bars add up to {total}",
        plan="read the bars, take three and add them up",
        answers=tuple(map(name_bars, choices(content))),
        solve=solve,
    )


def choices(chart: Chart) -> list[tuple[Bar, ...]]:
    """Return every choice of three bars, in the order of the chart."""
    return list(itertools.combinations(chart.bars, ADDED))


def name_bars(bars: Sequence[Bar]) -> str:
    """Name three bars, as "red, blue and green"."""
    *others, last = (bar.colour for bar in bars)
    return f"{', '.join(others)} and {last}"


def add_up(bars: Sequence[Bar]) -> str:
    """Add values one by one, as "5 and 9 make 14, 14 and 10 make 24"."""
    total, *values = (bar.value for bar in bars)
    steps = []
    for value in values:
        steps.append(f"{total} and {value} make {total + value}")
        total += value
    return ", ".join(steps)


SUM_QUESTIONS = (sum_of_three,)
"""Every kind."""
