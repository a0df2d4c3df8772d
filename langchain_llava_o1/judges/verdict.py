"""Reading which of two candidates a judge chose, and whether it found one correct."""

import itertools
import re
from dataclasses import dataclass
from typing import Literal

from langchain_core.messages.ai import UsageMetadata

from langchain_llava_o1.judges.negation import Negation
from langchain_llava_o1.staging.prompts import CORRECT_PREFIX, VERDICT_PREFIX

Choice = Literal[1, 2]


@dataclass(frozen=True)
class Verdict:
    """A judge's reply about two candidates.

    Attributes:
        text: The reply as it came.
        choice: 1 for the candidate shown first, 2 for the other, None if the reply cannot be read.
        reason: What the reply says besides the choice.
        usage: Tokens spent on it, None where the model does not say.
        num_calls: Model calls spent on it.
    """

    text: str
    choice: Choice | None
    reason: str
    usage: UsageMetadata | None = None
    num_calls: int = 1


# Every repetition is possessive: a judge may write blanks without end, and nothing that is skipped here is
# ever needed again, so that reading takes time in proportion to the text.
_RESPONSE = r"(?:the\s++)?(?:response|candidate|answer|option)"
_MARKS = r"[\s*_`\"'“”(\[#:]*+"
_LINE_MARKS = r"(?:[*_`\"'“”()\[\]]|[^\S\n\r])*+"
# No choice: "12", "1.5", "2%", "1 or 2", "1/2", "1 and 2", "1 or".
_ALONE = (
    rf"(?!\d|[.,]\d|[^\S\n\r]*+[%°+×]|{_MARKS}[)\]]*+{_MARKS}(?:or|and|[/&|])\s*+(?:{_RESPONSE})?{_MARKS}[12]"
    rf"|{_LINE_MARKS}(?:or|nor)\b)"
)
# A bare number before a noun counts things, as in "2 of the circles".
_GOES_ON = (
    r"(?:because|since|as|for|due|given|over|than|is|was|wins|seems|looks|by|it|its|and|but|while|whereas|so|clearly|"
    r"overall|here|although|though|with|in|on|at|who|which|that)\b"
)
_ON_THIS_LINE = r"[^\S\n\r]*+[*_]*+[^\S\n\r]*+"
_NO_COUNT = rf"(?!{_ON_THIS_LINE}(?!{_GOES_ON})[^\W\d_])"
_NO_COUNT_IN_LINE = rf"(?!{_ON_THIS_LINE}(?!{_GOES_ON})(?-i:[a-z]))"
_NUMBER = rf"(?:{_RESPONSE}{_MARKS}(?P<named>[12]){_ALONE}|(?P<bare>[12]){_ALONE}{_NO_COUNT})"
_NUMBER_IN_LINE = _NUMBER.replace(_NO_COUNT, _NO_COUNT_IN_LINE)

_WORDINGS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:verdict|choice|decision|winner|final answer|better (?:response|one|candidate))"
        rf"(?:\s++is\b|\s*+[:=]){_MARKS}{_NUMBER}",
        rf"\b(?:choose|pick|prefer|select|favou?r)\s++{_MARKS}{_NUMBER}",
        rf"\b{_RESPONSE}{_MARKS}(?P<named>[12]){_MARKS}(?:is|wins|seems|looks)\b"
        r"(?=\s*+(?:(?:the|clearly|slightly|much|far|overall|a|bit)\s++)*+"
        r"(?:better|best|preferable|preferred|stronger|superior|winner)\b)",
        rf"\b{_RESPONSE}{_MARKS}(?P<named>[12]){_MARKS}wins\b",
        rf"\A{_MARKS}{_NUMBER}{_MARKS}[\].)!]*+\s*+\Z",
    )
)
"""Other wordings, the more explicit first. Each is asked only if those before it say nothing."""


def _form(prefix: str, value: str) -> re.Pattern[str]:
    """Return the pattern of a form that judges are asked to reply in, with the words that take it back."""
    taken_back = rf"(?P<taken_back>\b(?:or|nor|not|if|else|otherwise|either|whether|never)\b{_LINE_MARKS})"
    not_meant = rf"(?!{_LINE_MARKS}(?:or|nor|if|when|unless)\b)"
    return re.compile(rf"{taken_back}?{re.escape(prefix)}{_MARKS}{value}{not_meant}", re.IGNORECASE)


_PREFIX = re.compile(rf"(?:{re.escape(VERDICT_PREFIX)}|{re.escape(CORRECT_PREFIX)})", re.IGNORECASE)
_VERDICT = _form(VERDICT_PREFIX, _NUMBER_IN_LINE)
_CHECK = _form(CORRECT_PREFIX, r"(?P<bare>yes|no)\b")
_BETWEEN_ALTERNATIVES = re.compile(rf"{_LINE_MARKS}(?:(?:and\b|[,;/&|]){_LINE_MARKS})?")


def read_verdict(text: str, usage: UsageMetadata | None = None) -> Verdict:
    """Read a judge's reply.

    The last line of the form "Better: 1" decides. Without one, other clear wordings are read; a reply that
    names both candidates in the same wording, or none, has no choice. What only repeats the request, as in
    '"Better: 1" or "Better: 2"', or is denied, as in "I would not say response 1 is better", says nothing.

    Args:
        text: The whole reply.
        usage: Tokens spent on it.
    """
    negation = Negation(text, _PREFIX)
    if stated := _stated(_VERDICT, text, negation):
        last = stated[-1]
        reason = text[: last.start()].strip(" \n*_") or text[last.end() :].lstrip(" \n*_.,").rstrip()
        return Verdict(text, _choice_of(last), reason, usage)
    for wording in _WORDINGS:
        choices = {
            _choice_of(match)
            for match in wording.finditer(text)
            if not (negation.denies(match.start()) or negation.asks(match.end()))
        }
        if choices:
            return Verdict(text, choices.pop() if len(choices) == 1 else None, text.strip(), usage)
    return Verdict(text, None, text.strip(), usage)


def read_check(text: str) -> bool | None:
    """Read a judge's reply about one candidate: the last "Correct: yes" or "Correct: no" decides.

    Returns:
        Whether it is found correct, None where the reply does not say.
    """
    stated = _stated(_CHECK, text, Negation(text, _PREFIX))
    return stated[-1]["bare"].lower() == "yes" if stated else None


def _stated(form: re.Pattern[str], text: str, negation: Negation) -> list[re.Match[str]]:
    """Return where a form is filled in, and not just mentioned, denied or one of two alternatives."""
    found = list(form.finditer(text))
    alternatives = {
        index
        for first, (one, other) in enumerate(itertools.pairwise(found))
        for index in (first, first + 1)
        if _BETWEEN_ALTERNATIVES.fullmatch(text, one.end(), other.start()) and _value(one) != _value(other)
    }
    return [
        match
        for index, match in enumerate(found)
        if not (match["taken_back"] or index in alternatives or negation.denies_saying(match.start()))
    ]


def _value(match: re.Match[str]) -> str:
    groups = match.groupdict()
    return str(groups.get("named") or groups["bare"]).lower()


def _choice_of(match: re.Match[str]) -> Choice:
    return 1 if _value(match) == "1" else 2
