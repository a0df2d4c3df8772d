"""Whether a conclusion agrees with the reference answer, where a rule can tell."""

import re

from langchain_llava_o1.staging.meaning import normalize

_OPTION = re.compile(r"^[ \t]*\(?([A-I])[.):][ \t]+(\S.*?)[ \t]*$", re.M)
_INLINE_OPTION = re.compile(
    r"(?:^|\s)\(?([A-I])\)[ \t]+(.+?)(?=\s+\(?[A-I]\)\s|[.?!]?(?:\s+[A-Z][a-z]|$)|\n)"
)
_LETTER = re.compile(r"[a-i]")
_NAMED_LETTER = re.compile(r"\A\(?([A-I])(?:[).:]|\Z)\s*(.*)\Z", re.DOTALL)
_NUMBER = re.compile(r"([-+−]?)[$€£]?\s*(\d+(?:\.\d+)?|\.\d+)\s*(%|[^\W\d_]*)")
_CHOICES = frozenset({"yes", "no", "true", "false"})
_FIRST_WORD = re.compile(r"\w+")


def decide_agreement(question: str, reference: str, conclusion: str) -> bool | None:
    """Tell whether a conclusion says what the reference answer does; None where a rule cannot tell.

    Equal forms agree (``staging/meaning.py``). Beyond that three kinds of references are decided: the letter
    of an option, a number, and yes, no, true or false. Any other wording is left to a model.

    Args:
        question: What was asked, with its options.
        reference: The reference answer.
        conclusion: The conclusion, without tags.
    """
    expected, given = normalize(reference), normalize(conclusion)
    if not expected or not given:
        return None
    if expected == given:
        return True
    if _LETTER.fullmatch(expected):
        return _compare_options(question, expected, conclusion)
    if (number := _read_number(expected)) is not None:
        found = _read_number(given)
        return None if found is None or found[1] != number[1] else found[0] == number[0]
    if expected in _CHOICES:
        first = _FIRST_WORD.match(given)
        return first[0] == expected if first and first[0] in _CHOICES else None
    return None


def is_decidable(reference: str) -> bool:
    """Tell whether a reference is of a kind that the rule decides, in most wordings of a conclusion."""
    expected = normalize(reference)
    return bool(_LETTER.fullmatch(expected)) or _read_number(expected) is not None or expected in _CHOICES


def _compare_options(question: str, expected: str, conclusion: str) -> bool | None:
    """Compare the option that a conclusion names, by its letter or its text."""
    options = find_options(question)
    if named := _NAMED_LETTER.match(conclusion.strip()):
        letter, text = named[1].lower(), normalize(named[2])
        # "A: no" names no option where that is not what A says.
        if not text or text == options.get(letter):
            return letter == expected
    if _LETTER.fullmatch(given := normalize(conclusion)):
        return given == expected
    letters = [letter for letter, text in options.items() if text == given]
    return letters[0] == expected if len(letters) == 1 else None


def find_options(question: str) -> dict[str, str]:
    """Return the options of a question by their letters, in the form in which equal ones are equal."""
    found = _OPTION.findall(question) or _INLINE_OPTION.findall(question)
    return {letter.lower(): normalize(text) for letter, text in found}


def _read_number(text: str) -> tuple[float, str] | None:
    """Read a text that is a number, with a unit or without one."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    value = float(found[2])
    return (-value if found[1] in ("-", "−") else value), found[3]
