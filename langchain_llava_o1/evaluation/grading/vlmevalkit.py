"""VLMEvalKit's rules, what is known of their errors included, so that figures can be compared with its own.

Source: open-compass/VLMEvalKit, ``vlmeval/utils/matching_util.py`` and ``vlmeval/dataset/utils/``. Stage tags
are taken off first, which it leaves to the model's own wrapper; graders are asked in this project's words.
"""

import random
import re
from collections.abc import Mapping

from langchain_llava_o1.evaluation.grading.grader import Grader
from langchain_llava_o1.evaluation.grading.prompts import NO_OPTION, ask_for_option, ask_for_yes_or_no
from langchain_llava_o1.evaluation.grading.reply import concluding_text
from langchain_llava_o1.evaluation.item import Grade, GradedBy

REFUSAL = "Z"
"""What it reads where a reply refuses or chooses no option; never right."""

RISING_TEMPERATURES = (0.0, 0.5, 1.0, 1.5, 2.0)
"""Of the five tries that its graders have."""

_REFUSALS = (
    "Sorry, I can't help with images of people yet.",
    "I can't process this file.",
    "I'm sorry, but without the image provided",
    "Cannot determine the answer",
)
_SEPARATORS = str.maketrans(dict.fromkeys(".()[],:;!*#{}", " "))
_NUM_LAST_WORDS = 4
_PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'
_COMMA_IN_NUMBER = re.compile(r"\d,\d")
_MOST_FULL_STOPS = 32
"""It gives a flag of this value where the count belongs."""
_LOOSE_FULL_STOP = re.compile(r"\.(?!\d)")


def read_option(text: str, options: Mapping[str, str]) -> str | None:
    """Return the letter that a reply chooses, or ``REFUSAL``; None if that cannot be read.

    The letter is the only one that stands as a word, among the last four words; "A" counts even as an
    article. Else it is that of the only option whose text is contained, in a reply of at most twice the
    length of all texts.
    """
    if any(refusal in text for refusal in _REFUSALS):
        return REFUSAL
    words = text.translate(_SEPARATORS).split()
    letters = set(options) & set(words)
    if len(letters) == 1:
        (letter,) = letters
        if words.index(letter) >= len(words) - _NUM_LAST_WORDS:
            return letter
    elif not letters and REFUSAL in words:
        return REFUSAL
    lower = text.lower()
    if len(lower) > 2 * sum(map(len, options.values())):
        return None
    contained = [letter for letter, option in options.items() if option.lower() in lower]
    return contained[0] if len(contained) == 1 else None


def read_yes_no(text: str) -> str | None:
    """Return the only one of the words yes and no in a reply; None if it has none or both."""
    said = {"yes", "no"} & set(_without_punctuation(text.lower()).split())
    return said.pop() if len(said) == 1 else None


async def grade_option(
    question: str,
    options: Mapping[str, str],
    answer: str,
    reply: str,
    grader: Grader | None,
    *,
    seed: int,
) -> Grade:
    """Grade as VLMEvalKit does: where its grader cannot read a reply in three tries, an option is drawn.

    Without a grader nothing is drawn: what its rule cannot read is wrong, as with its "exact matching".
    """
    text = concluding_text(reply)
    if (letter := read_option(text, options)) is not None:
        return Grade(float(letter == answer), letter)
    if grader is None:
        return Grade(0.0, None, "nobody")
    reading = await grader.ask(
        ask_for_option(question, options, text), lambda told: _read_told(told, options)
    )
    if reading.value is not None:
        return Grade(float(reading.value == answer), reading.value, "grader", reading.told)
    drawn = random.Random(seed).choice([*options, REFUSAL])
    return Grade(float(drawn == answer), drawn, "chance", reading.told)


async def grade_yes_no(question: str, answer: str, reply: str, grader: Grader | None) -> Grade:
    """Grade as VLMEvalKit does: where its rule finds nothing, the grader has five tries to say yes or no."""
    text = concluding_text(reply)
    if (said := read_yes_no(text)) is not None:
        return Grade(float(said == answer), said)
    if grader is None:
        return Grade(0.0, None, "nobody")
    reading = await grader.ask(
        ask_for_yes_or_no(question, text), read_yes_no, tries=5, temperatures=RISING_TEMPERATURES
    )
    by: GradedBy = "nobody" if reading.value is None else "grader"
    return Grade(float(reading.value == answer), reading.value, by, reading.told)


def _read_told(told: str, options: Mapping[str, str]) -> str | None:
    # Its own prompt has graders write Z.
    return REFUSAL if told.strip(" .\n").casefold() == NO_OPTION else read_option(told, options)


def _without_punctuation(text: str) -> str:
    """Take punctuation off as VQA's evaluation does, whose function VLMEvalKit has."""
    has_number = _COMMA_IN_NUMBER.search(text) is not None
    for mark in _PUNCTUATION:
        is_outer = has_number or f"{mark} " in text or f" {mark}" in text
        text = text.replace(mark, "" if is_outer else " ")
    return _LOOSE_FULL_STOP.sub("", text, count=_MOST_FULL_STOPS)
