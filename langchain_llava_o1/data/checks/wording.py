"""Whether an answer refuses, and whether its summary gives the conclusion away."""

import re
from collections.abc import Iterator

from langchain_llava_o1.data.checks.check import Check, Finding, Viewed
from langchain_llava_o1.data.example import answer_field
from langchain_llava_o1.data.question_text import normalize
from langchain_llava_o1.staging.stages import STAGES

_REFUSAL = re.compile(
    r"\bsorry\b|\bapologi[sz]e\b|\bas an ai\b"
    r"|\b(?:i|we)(?: am|'m| are|'re)?(?: cannot| can't| can not| could not| couldn't| unable| not able)\b"
    r"|\bunable to (?:answer|assist|determine|help|identify|provide|see|tell|view)\b"
    r"|\bcannot be (?:answered|determined)\b",
    re.IGNORECASE,
)
_FIRST_STAGE = STAGES[0].name
_MOST_WORDS_LEAKED = 12
# They stand in many texts for another reason than that they are the answer.
_COMMON_ANSWERS = frozenset({"yes", "no", "true", "false", "one", "a", "i"})


class RefusalCheck(Check):
    """Finds conclusions that refuse to answer. A refusal in words that are not known here is not found."""

    def look(self, viewed: Viewed) -> Iterator[Finding]:
        """Return which answers of an example refuse."""
        for number, transcript in enumerate(viewed.transcripts):
            conclusion = transcript.conclusion
            text = (transcript.untagged if conclusion is None else conclusion).replace("’", "'")
            if refusal := _REFUSAL.search(text):
                yield Finding(
                    answer_field(number),
                    "refusal",
                    f"the conclusion says {refusal.group()!r}",
                    expected="an answer",
                    fix="Write the answer, or leave the line out.",
                )


class LeakCheck(Check):
    """Finds summaries that hold the conclusion, where the question does not hold it, too.

    Short answers such as "yes" and single letters count only where they are called the answer.
    """

    def look(self, viewed: Viewed) -> Iterator[Finding]:
        """Return which summaries of an example give the conclusion away."""
        pairs = zip(viewed.example.questions, viewed.transcripts, strict=True)
        for number, (question, transcript) in enumerate(pairs):
            summary = transcript.find(_FIRST_STAGE)
            conclusion = normalize(transcript.conclusion or "")
            if summary is not None and _gives_away(normalize(summary.body), conclusion, normalize(question)):
                yield Finding(
                    answer_field(number),
                    "leaked answer",
                    f"the {_FIRST_STAGE} holds the conclusion, {conclusion!r}",
                    expected=f"a {_FIRST_STAGE} that plans and does not answer",
                    fix=f"Write the {_FIRST_STAGE} anew.",
                )


def _gives_away(summary: str, conclusion: str, question: str) -> bool:
    if not 1 <= len(conclusion.split()) <= _MOST_WORDS_LEAKED:
        return False
    if len(conclusion) == 1 or conclusion in _COMMON_ANSWERS:
        named = rf"\b(?:answer|option|choice)(?: is| would be)? {re.escape(conclusion)}\b"
        return re.search(named, summary) is not None
    return _holds(summary, conclusion) and not _holds(question, conclusion)


def _holds(text: str, words: str) -> bool:
    return f" {words} " in f" {text} "
