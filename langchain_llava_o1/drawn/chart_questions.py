"""Questions about bar charts."""

import random

from langchain_llava_o1.drawn.canvas import COLOURS
from langchain_llava_o1.drawn.charts import Chart
from langchain_llava_o1.drawn.questions import NUMBERS, Content, Question, Solution, Walk


def extreme(rng: random.Random, content: Content) -> Question:
    """Which bar is the highest, or the lowest?"""
    kind, sign = rng.choice((("highest", 1), ("lowest", -1)))

    def solve(content: Content) -> Solution:
        assert isinstance(content, Chart)
        bar = content.bars[0]
        passed = []
        for other in content.bars:
            if sign * (other.value - bar.value) > 0:
                bar = other
            passed.append(f"{other}: {bar}")
        walk = ", ".join(passed)
        return Solution(
            steps=(f"The {kind} so far: {walk}.", f"Going on with the {kind}: {walk}."),
            answer=bar.colour,
            sentence=f"The {kind} bar is {bar.colour}",
            reason=f"the {kind} value is {bar.value}",
        )

    return Question(
        kind=kind,
        text=rng.choice((f"Which bar is the {kind}?", f"What colour is the {kind} bar?")),
        topic=f"which bar is the {kind}",
        plan=f"read the bars and find the {kind}",
        answers=tuple(COLOURS),
        solve=solve,
    )


def _value(content: Content, colour: str) -> int | None:
    assert isinstance(content, Chart)
    return next((bar.value for bar in content.bars if bar.colour == colour), None)


def value(rng: random.Random, content: Content) -> Question:
    """What is the value of a bar?"""
    assert isinstance(content, Chart)
    colour = rng.choice(content.bars).colour

    def solve(content: Content) -> Solution | None:
        found = _value(content, colour)
        if found is None:
            return None
        return Solution(
            steps=(f"The {colour} bar has {found}.", f"Reading the {colour} bar gives {found}."),
            answer=str(found),
            sentence=f"The value of the {colour} bar is {found}",
            reason=f"the {colour} bar ends at {found}",
        )

    return Question(
        kind="value",
        text=rng.choice((f"What is the value of the {colour} bar?", f"How high is the {colour} bar?")),
        topic=f"what value the {colour} bar has",
        plan=f"read the {colour} bar",
        answers=NUMBERS,
        solve=solve,
    )


def difference(rng: random.Random, content: Content) -> Question:
    """How far apart are two bars?"""
    assert isinstance(content, Chart)
    first, second = (bar.colour for bar in rng.sample(content.bars, 2))

    def solve(content: Content) -> Solution | None:
        one, other = _value(content, first), _value(content, second)
        if one is None or other is None:
            return None
        high, low = max(one, other), min(one, other)
        walk = ", ".join(f"{number} {number - low}" for number in range(low, high + 1))
        return Solution(
            steps=(
                f"The {first} bar has {one}, the {second} bar {other}. From {low} to {high}: {walk}.",
                f"With {first} {one} and {second} {other}, from {low} to {high}: {walk}.",
            ),
            answer=str(high - low),
            sentence=f"The difference of the {first} and the {second} bar is {high - low}",
            reason=f"{high} minus {low} is {high - low}",
        )

    return Question(
        kind="difference",
        text=rng.choice(
            (
                f"What is the difference between the {first} and the {second} bar?",
                f"By how much do the {first} and the {second} bar differ?",
            )
        ),
        topic=f"how far the {first} and the {second} bar differ",
        plan=f"read the {first} and the {second} bar and subtract",
        answers=NUMBERS,
        solve=solve,
    )


def above(rng: random.Random, content: Content) -> Question:
    """How many bars are higher than a value?"""
    assert isinstance(content, Chart)
    limit = max(0, rng.choice(content.bars).value + rng.choice((-1, 0, 0)))

    def solve(content: Content) -> Solution:
        assert isinstance(content, Chart)
        walk = Walk.through([(str(bar), bar.value > limit) for bar in content.bars])
        return Solution(
            steps=(f"Counting bars above {limit}: {walk}.", f"The bars above {limit}: {walk}."),
            answer=str(walk.count),
            sentence=f"There are {walk.count} bars above {limit}",
            reason=f"going through all bars finds {walk.count}",
        )

    return Question(
        kind="above",
        text=rng.choice((f"How many bars are above {limit}?", f"Count the bars higher than {limit}.")),
        topic=f"how many bars are above {limit}",
        plan=f"read the bars and count those above {limit}",
        answers=NUMBERS[:7],
        solve=solve,
    )


CHART_QUESTIONS = (extreme, value, difference, above)
"""Every kind."""
