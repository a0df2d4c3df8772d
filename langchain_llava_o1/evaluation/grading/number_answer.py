"""The number that a reply gives as its answer: the only one that it has, or the one that it declares."""

import re
from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from itertools import pairwise

from langchain_llava_o1.evaluation.grading.number import FoundNumber, find_number_words, find_numbers

_REACH = 40
_DECLARING = re.compile(
    r"(?:\banswer\b[*_]{0,2}(?:\s*[:=]|\s+(?:is|would\s+be|should\s+be|must\s+be)\b:?)|\\boxed\s*\{)[^\w\[.−-]*$",
    re.IGNORECASE,
)
_NEGATING = re.compile(r"(?:\bnot|\bnor|n['’]t(?:\s+be)?)\s+$", re.IGNORECASE)

# "One" counts something, or stands for something, as in "the blue one" and "no one".
_COUNTING = re.compile(
    r"(?:\b(?:only|just|exactly|counted|count|see|has|have|contains?|shows?|equals?|equal\s+to|total\s+of)"
    r"|\bthere(?:\s+(?:is|are|was|were)|['’]s)|\bit\s+is|[=:])\s+[*_]{0,2}$",
    re.IGNORECASE,
)
_ONE_STANDS_FOR = re.compile(
    r"['’]|\s+(?:of|in|on|at|with|to|from|by|who|whom|which|that|is|was|has|does|needs|sees|finds|gets"
    r"|can|cannot|could|may|might|must|should|would|will|another|day|side)\b",
    re.IGNORECASE,
)

_DEGREES = re.compile(r"\^\s*\{?\s*\\circ\b\s*\}?")
_EQUALS = re.compile(r"[=≈]|\\approx\b")
_OPERATOR = re.compile(
    r"[=≈+×·∙÷*^√±<>≤≥]|(?<![^\W\d_])[/–−-]|[/–−-](?![^\W\d_])|^\(|\s:\s|\s[xX]\s|\\(?:times|cdot|div|pm|sqrt)\b"
    r"|\b(?:plus|minus|times|over|divided\s+by|multiplied\s+by|equals|or|and|to|of)\s+(?:the\s+)?[^\w\s]{0,3}$",
    re.IGNORECASE,
)
_ENDING = re.compile(
    r"[.,;!?—](?!\w)|\n(?!\s*[=≈])|\s\([^)]*$|\b(?:because|since|as|so|where|which|from|for|when|if|with|but)\b",
    re.IGNORECASE,
)
"""What ends an expression before the next number."""
_BETWEEN_MEMBERS = re.compile(r"[^\w.;!?]*,[^\w.;!?]*")
_SPACE_COMMAND = re.compile(r"\\[,;:! ]|~")
_BOLD = "**"
_WORD = re.compile(r"[^\W\d_]+")
_COMMAND_OF_TEXT = re.compile(r"\\(?:text|mathrm|mathbf|boxed)\b")

_CONTINUED = re.compile(
    r"\s*(?:\^(?!\s*\{?\s*\\circ)|\*\*\d|√|[½¼¾⅓⅔π]|\d+\s*/\s*\d|\\(?:pi|sqrt|d?frac|times|cdot|div|pm)\b"
    r"|[+×·÷−-]\s*(?:[A-Za-z](?!\w)|[(√\\])"
    r"|(?:and\s+an?\s+)?(?:half|halves|thirds?|quarters?|fourths?|fifths?|sixths?|eighths?|tenths?)\b"
    r"|(?:hundred|thousand|million|billion|trillion|dozen|squared|cubed|pi)s?\b)",
    re.IGNORECASE,
)
"""What makes another number of the one before it."""
_CONTINUING = re.compile(
    r"(?:√|\\(?:sqrt|d?frac)\s*[\[{]|[\^_]\s*\{|\blog)\s*$|[\w)]\s?[+×·÷*/^]\s$|[\w)][+×·÷*/^]$",
    re.IGNORECASE,
)
_LARGER_WORD = re.compile(
    r"\b(?:(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty"
    r"|hundred|thousand|million|billion)\b",
    re.IGNORECASE,
)


class _Link(Enum):
    """What stands between a number and the next one."""

    NONE = "nothing that joins them"
    EQUALS = "an equals sign"
    OTHER = "an operator, or what leaves open which of them is meant"


def read_number(text: str) -> Decimal | None:
    """Return the number that a reply gives as its answer; None if no rule can tell.

    It is the number that is declared, else the only one. Of an equation it is what stands after the last
    equals sign. A sum, a power, a range and the like are none, as what they come to is not said.
    """
    found = sorted([*find_numbers(text), *find_number_words(text)], key=lambda number: number.start)
    numbers = [number for number in found if not _NEGATING.search(_before(text, number))]
    declared = [place for place, number in enumerate(numbers) if _is_declared(text, number)]
    if declared:
        return _read_expression(text, numbers, declared[-1])
    if len({number.value for number in numbers}) != 1 or _LARGER_WORD.search(text):
        return None
    is_expression = any(_link(text, *pair) is not _Link.NONE for pair in pairwise(numbers))
    if is_expression or not all(_is_whole(text, number) for number in numbers):
        return None
    return numbers[0].value


def _read_expression(text: str, numbers: Sequence[FoundNumber], first: int) -> Decimal | None:
    """Return the value of what begins with a number; None if it is not said."""
    last, link = first, _Link.NONE
    while last + 1 < len(numbers):
        following = _link(text, numbers[last], numbers[last + 1])
        if following is _Link.NONE:
            break
        last, link = last + 1, following
    is_said = link is not _Link.OTHER and _is_whole(text, numbers[last])
    return numbers[last].value if is_said else None


def _link(text: str, number: FoundNumber, following: FoundNumber) -> _Link:
    if following.start - number.end > _REACH:
        return _Link.NONE
    # The sign of a number may be the operator before it.
    end = following.start + (text[following.start] in "-−")
    between = _SPACE_COMMAND.sub(" ", _DEGREES.sub("°", text[number.end : end]))
    between = between if between == _BOLD else between.replace(_BOLD, "")
    if _BETWEEN_MEMBERS.fullmatch(between):
        return _Link.OTHER
    if _ENDING.search(between) or not _OPERATOR.search(between):
        return _Link.NONE
    signs = list(_EQUALS.finditer(between))
    if not signs:
        return _Link.OTHER
    left, right = _COMMAND_OF_TEXT.sub("", between[: signs[-1].start()]), between[signs[-1].end() :]
    num_words = len(_WORD.findall(left))
    is_value = not _WORD.search(_COMMAND_OF_TEXT.sub("", right)) and num_words <= (not _OPERATOR.search(left))
    return _Link.EQUALS if is_value else _Link.OTHER


def _is_declared(text: str, number: FoundNumber) -> bool:
    return bool(_DECLARING.search(_before(text, number)))


def _is_whole(text: str, number: FoundNumber) -> bool:
    """Tell whether a number is one by itself, and not a part of another one, a power or a sum."""
    before = _before(text, number)
    is_part = _CONTINUED.match(text, number.end) or _CONTINUING.search(before)
    return not is_part and (text[number.start : number.end].lower() != "one" or _is_count(text, number))


def _is_count(text: str, one: FoundNumber) -> bool:
    if _ONE_STANDS_FOR.match(text, one.end):
        return False
    before = _before(text, one)
    is_first = one.start <= _REACH and not any(map(str.isalnum, before))
    return is_first or bool(_COUNTING.search(before)) or _is_declared(text, one)


def _before(text: str, number: FoundNumber) -> str:
    return text[max(0, number.start - _REACH) : number.start]
