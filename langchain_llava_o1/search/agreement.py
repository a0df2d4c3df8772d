"""Which candidates say the same: texts that are identical, conclusions that mean the same."""

import re
from collections import Counter
from collections.abc import Sequence

from langchain_llava_o1.search.candidates import read_body
from langchain_llava_o1.search.records import CandidateRecord
from langchain_llava_o1.staging.stages import Part

_NUMBER_WORDS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty
"""
_NUMBERS = {word: str(number) for number, word in enumerate(_NUMBER_WORDS.split())}
_LEAD_IN = re.compile(
    r"\A(?:(?:so|therefore|thus|hence)\b,?\s*)?(?:the\s+)?(?:final\s+|correct\s+)?(?:answer|option|choice)"
    r"(?:\s+is\b|\s*:)\s*:?\s*"
)
# A letter before a colon or a full stop may be a variable or a part of the answer, as in "x: 5" and "A: no".
_OPTION = re.compile(
    r"\A(?:option\s\(?([a-z])(?:\).*|[.:]\s.*)?|\(?([a-j])\)\s.*|\(?([a-z])\)?)\Z", re.DOTALL
)
_MARKS = re.compile(r"[*_`\"'“”‘’]|\\boxed|[{}$]")
_ARTICLE = re.compile(r"\b(?:a|an|the)\s+(?=\w)")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
# Sought from the beginning of a number only, so that a long one is read once.
_ZEROS = re.compile(r"(?<!\d)(\d++)\.0++\b")


def normalize(conclusion: str) -> str:
    """Return what a conclusion says in a form in which equal answers are equal.

    Letter case, marks, lead-ins such as "the answer is", articles, number words up to twenty, commas in
    numbers and the full stop at the end do not count; of an answer that names an option, as in "B) red" or
    "option B: red", the letter does. In "B: red" the letter may be anything, so all of it counts: texts that
    mean the same may be told apart, but not the reverse.
    """
    text = " ".join(_MARKS.sub("", conclusion).casefold().split())
    text = _LEAD_IN.sub("", text).strip().rstrip(".!;:, ")
    if option := _OPTION.match(text):
        return str(option[option.lastindex or 0])
    text = _ARTICLE.sub("", text)
    text = " ".join(_NUMBERS.get(word, word) for word in text.split(" "))
    return _ZEROS.sub(r"\1", _THOUSANDS.sub("", text))


def meaning(part: Part, text: str) -> str:
    """Return what is compared to tell whether candidates agree: of what the user sees, its meaning."""
    last = part.stages[-1]
    body = read_body(last, text)
    return normalize(body) if last.is_visible and not part.is_sentence else " ".join(body.split())


def shares(part: Part, candidates: Sequence[CandidateRecord]) -> list[float]:
    """Return for each candidate the share of candidates that say the same, itself included.

    One that is not complete agrees with none.
    """
    meanings = [
        meaning(part, candidate["text"]) if candidate["is_complete"] else None for candidate in candidates
    ]
    counts = Counter(meanings)
    return [0.0 if each is None else counts[each] / len(meanings) for each in meanings]
