"""Numbers in a reply, and whether two are equal to a precision."""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

_DIGITS = r"\d{1,3}(?:,\d{3})+(?!\d)|\d+"
_UNITS = r"(?=(?:mm|cm|dm|m|km|in|ft|g|kg|s|h)\b)"
# No part of a word, of a fraction, of a date or of a time; a unit may follow.
_NUMBER = re.compile(
    r"(?<![\w.,/:^])(?P<sign>[-−])?"
    rf"(?:(?P<whole>{_DIGITS})(?P<part>\.\d+)?|(?P<only>\.\d+))(?:(?!\w|[.,/:]\d)|{_UNITS})"
)
_NAMES = (
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_WORDS = {word: Decimal(number) for number, word in enumerate(_NAMES)}
_WORD = re.compile(rf"(?<![\w-])(?:{'|'.join(_WORDS)})(?![\w-])", re.IGNORECASE)
_MOST_DIGITS = 40


class FoundNumber(NamedTuple):
    """A number in a text.

    Attributes:
        value: The number.
        start: Where in the text it begins.
        end: Where it ends.
    """

    value: Decimal
    start: int
    end: int


def find_numbers(text: str) -> Iterator[FoundNumber]:
    """Find the numbers in a text, thousands separated or not."""
    for match in _NUMBER.finditer(text):
        if match.end() - match.start() <= _MOST_DIGITS:
            digits = (match["whole"] or "").replace(",", "") + (match["part"] or match["only"] or "")
            sign = "-" if match["sign"] else ""
            yield FoundNumber(Decimal(sign + digits), match.start(), match.end())


def find_number_words(text: str) -> Iterator[FoundNumber]:
    """Find the numbers up to twelve that are written as words."""
    for match in _WORD.finditer(text):
        yield FoundNumber(_WORDS[match.group().lower()], match.start(), match.end())


def as_number(text: str) -> Decimal | None:
    """Return the number that a text is; None if it is something else, or too long to reckon with."""
    try:
        value = Decimal(text.strip().replace(",", ""))
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) <= _MOST_DIGITS else None


def are_equal(value: Decimal, other: Decimal, precision: int | None) -> bool:
    """Tell whether two numbers are equal.

    Args:
        value: A number.
        other: Another one.
        precision: Decimal places to which they are; of a number halfway between two, both are right. None for
            all places.
    """
    if precision is None:
        return value == other
    return abs(value - other) * 2 <= Decimal(1).scaleb(-precision)
