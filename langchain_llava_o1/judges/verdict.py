"""Reading which of two candidates a judge chose."""

import re
from dataclasses import dataclass
from typing import Literal

from langchain_core.messages.ai import UsageMetadata

from langchain_llava_o1.prompts import VERDICT_PREFIX

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
_MARKS = r"[\s*_`\"'(\[#:]*+"
# No choice: "12", "1.5", "1 or 2", "1/2", "1 and 2".
_ALONE = rf"(?!\d|\.\d|{_MARKS}(?:or|and|/|&)\s*+(?:{_RESPONSE})?{_MARKS}[12])"
_NUMBER = rf"(?:{_RESPONSE})?{_MARKS}(?P<choice>[12]){_ALONE}"

_PREFIXED = re.compile(rf"{re.escape(VERDICT_PREFIX)}{_MARKS}{_NUMBER}", re.IGNORECASE)
_WORDINGS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:verdict|choice|decision|winner|final answer|better (?:response|one|candidate))"
        rf"(?:\s++is\b|\s*+[:=]){_MARKS}{_NUMBER}",
        rf"(?<!not )(?<!n't )(?<!never )\b(?:choose|pick|prefer|select|favou?r)\s++{_MARKS}{_NUMBER}",
        rf"\b{_RESPONSE}{_MARKS}(?P<choice>[12]){_MARKS}(?:is|wins|seems|looks)\b"
        r"(?=\s*+(?:(?:the|clearly|slightly|much|far|overall|a|bit)\s++)*+(?:better|best|preferable|preferred|stronger|superior|winner)\b)",
        rf"\b{_RESPONSE}{_MARKS}(?P<choice>[12]){_MARKS}wins\b",
        rf"\A{_MARKS}{_NUMBER}{_MARKS}[\].)!]*+\s*+\Z",
    )
)
"""Other wordings, the more explicit first. Each is asked only if those before it say nothing."""


def read_verdict(text: str, usage: UsageMetadata | None = None) -> Verdict:
    """Read a judge's reply.

    The last line of the form "Better: 1" decides. Without one, other clear wordings are read; a reply that
    names both candidates in the same wording, or none, has no choice.

    Args:
        text: The whole reply.
        usage: Tokens spent on it.
    """
    if prefixed := list(_PREFIXED.finditer(text)):
        last = prefixed[-1]
        reason = text[: last.start()].strip(" \n*_") or text[last.end() :].lstrip(" \n*_.,").rstrip()
        return Verdict(text, _choice_of(last), reason, usage)
    for wording in _WORDINGS:
        choices = {_choice_of(match) for match in wording.finditer(text)}
        if choices:
            return Verdict(text, choices.pop() if len(choices) == 1 else None, text.strip(), usage)
    return Verdict(text, None, text.strip(), usage)


def _choice_of(match: re.Match[str]) -> Choice:
    return 1 if match["choice"] == "1" else 2
