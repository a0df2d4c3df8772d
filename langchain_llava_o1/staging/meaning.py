"""What a conclusion means: a form in which equal answers are equal."""

import re

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
