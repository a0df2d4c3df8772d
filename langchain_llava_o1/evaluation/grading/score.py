"""How right a free answer is: a number that a grader wrote."""

import re

_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:\.\d+)?(?![\w%]|[.,]\d)")
_MARKS = "*_`|\"' \t\n"
_LONGEST = 400
"""A longer reply is an essay, of which no number can be said to be the score."""


def read_score(told: str) -> float | None:
    """Return the only number from 0 to 1 in a grader's reply; None if there is none, or several."""
    text = told.strip(_MARKS)
    if len(text) > _LONGEST:
        return None
    scores = {float(number) for number in _NUMBER.findall(text)}
    return scores.pop() if len(scores) == 1 and min(scores) <= 1 else None
