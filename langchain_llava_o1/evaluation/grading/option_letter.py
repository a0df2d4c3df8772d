"""Where the letters of options stand in a reply, and what is said of them."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from langchain_llava_o1.evaluation.grading.option_text import Mention

_REACH = 48
"""How many characters before and after a letter say what it is there for."""

# No part of a word or of an abbreviation, no degrees Celsius, no variable of an equation.
_LETTER = re.compile(r"(?<![\w.°+^-])(?<!\w['’])[A-Z](?![\w=+^-]|['’]\w|\.[A-Z]\b| = )")

_WORDS_LIKE_LETTERS = {
    "A": re.compile(
        r"\s+(?!(?:is|was|are|and|or|as|because|since|has|have|can|does|shows?|seems|looks|would|fits|matches)\b)"
        r"[a-z0-9]"
    ),
    "I": re.compile(r"(?:\s+(?!is\b)[a-z]|['’])"),
}
"""What follows where "A" is an article and "I" a pronoun."""

_OPENING = r"[\s*_`\"'“‘(\[{$\\]*$"
_NAMING = re.compile(r"\b(?:option|choice|letter|answer)s?" + _OPENING, re.IGNORECASE)
_DECLARING = re.compile(
    r"(?:\b(?:answer|option|choice|conclusion)\b[*_]{0,2}"
    r"(?:\s*[:=]|\s+(?:is|would\s+be|should\s+be|must\s+be|to\s+be)\b(?:\s+(?:likely|clearly|therefore|thus))?:?)"
    r"(?:\s*(?:the\s+)?(?:option|choice|letter)\b)?"
    r"|\b(?:choose|select|pick|go\s+with|going\s+with)(?:\s+(?:the\s+)?(?:option|choice|letter|answer))?:?"
    r"|\\boxed(?:\s*\{\s*\\text)?)" + _OPENING,
    re.IGNORECASE,
)
_DECLARED = re.compile(
    r"[*_`\"'”’)\]}.:]{0,4}\s+is\s+(?:therefore\s+|thus\s+|clearly\s+)?(?:the\s+)?"
    r"(?:correct|right|best|true)\b",
    re.IGNORECASE,
)
_NEGATING = re.compile(
    r"(?:\b(?:not|nor|neither|never|cannot\s+be|rather\s+than|instead\s+of|unlike|except)|n['’]t)"
    r"(?:\s+be)?(?:\s+(?:an?|the))?(?:\s+(?:option|choice|answer))?" + _OPENING,
    re.IGNORECASE,
)
_ALTERNATIVE = re.compile(
    r"[\s*_`\"'”’)\]}]*(?:\bor\b|\band\b|[,/&])\s*(?:option\s+|choice\s+)?[^\w\s]{0,3}$"
)
_MARK_AFTER = re.compile(r"[*_`\"'”’]{0,3}(?:[.):\]}]|\s*(?:[\n–—]|- |$))")


class LetterMention(NamedTuple):
    """A place where a reply has the letter of an option.

    Attributes:
        mention: Where it is.
        is_marked: Whether something sets it off from what follows, as in "B." and "B)", or nothing follows.
        is_declared: Whether the reply says that this is its answer.
        is_named: Whether the reply calls it an option or an answer, or writes "(B)".
    """

    mention: Mention
    is_marked: bool
    is_declared: bool
    is_named: bool


def find_option_letters(
    text: str, letters: Collection[str], texts: Sequence[Mention]
) -> Iterator[LetterMention]:
    """Find the letters of options, as words of their own; what says "not B" is left out.

    Args:
        text: A reply.
        letters: The letters of the options.
        texts: Where the texts of options are; a letter within one is a part of it, as in "vitamin C".
    """
    inside = [(found.start, found.end) for found in texts if found.end - found.start > 1]
    beginnings = {found.start for found in texts}
    passed = 0
    for match in _LETTER.finditer(text):
        letter, (start, end) = match.group(), match.span()
        while passed < len(inside) and inside[passed][1] <= start:
            passed += 1
        if letter not in letters or (passed < len(inside) and inside[passed][0] <= start):
            continue
        before, after = text[max(0, start - _REACH) : start], text[end : end + _REACH]
        is_named = bool(_NAMING.search(before)) or (before.endswith("(") and after.startswith(")"))
        if letter in _WORDS_LIKE_LETTERS and not is_named and _is_word(letter, after, end, beginnings):
            continue
        if _NEGATING.search(before):
            continue
        yield LetterMention(
            Mention(letter, start, end),
            is_marked=bool(_MARK_AFTER.match(after)),
            is_declared=bool(_DECLARING.search(before) or _DECLARED.match(after)),
            is_named=is_named,
        )


def is_declared(text: str, mention: Mention) -> bool:
    """Tell whether a reply says that what stands somewhere is its answer, as in "the answer is red"."""
    before = text[max(0, mention.start - _REACH) : mention.start]
    return bool(_DECLARING.search(_without_article(before)))


def is_negated(text: str, mention: Mention) -> bool:
    """Tell whether a reply says that what stands somewhere is not so, as in "it is not red"."""
    return bool(_NEGATING.search(text[max(0, mention.start - _REACH) : mention.start]))


def are_alternatives(text: str, first: Mention, second: Mention) -> bool:
    """Tell whether a reply leaves open which of two it means, as in "B or C"."""
    between = text[first.end : second.start]
    return len(between) <= _REACH and bool(_ALTERNATIVE.fullmatch(between))


def _is_word(letter: str, after: str, end: int, beginnings: set[int]) -> bool:
    gap = len(after) - len(after.lstrip(" "))
    is_before_text = gap > 0 and end + gap in beginnings
    return is_before_text or bool(_WORDS_LIKE_LETTERS[letter].match(after))


def _without_article(before: str) -> str:
    stripped = before.rstrip()
    for article in (" the", " an", " a", " A", " The", " An"):
        if stripped.endswith(article):
            return stripped.removesuffix(article) + " "
    return before
