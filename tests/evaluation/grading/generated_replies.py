"""Replies with a known meaning, as models write them: the same ones for the same number."""

import random
from collections.abc import Callable, Mapping
from typing import NamedTuple

from langchain_llava_o1.staging.stages import STAGES

_THINGS = (
    *(
        "a red car",
        "a dark red car",
        "a bicycle",
        "a street lamp",
        "the old bridge",
        "vitamin C",
        "vitamin D",
    ),
    *("a photosynthesis diagram", "caterpillar", "herbivores", "the moon", "sulfur", "an hour glass", "blue"),
    # An article's letters within, and one text as the end of another.
    *("body", "human body", "India", "China and India", "none of the above", "man in a hat", "panda bear"),
)
_NUMBERS = ("2", "3", "12", "7", "23", "30", "1.5", "15")
_NUMBER_WORDS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_SENTENCES = (
    "The shape on the left is larger than the other one",
    "Two lines cross in the middle of the drawing",
    "The colours suggest an evening in summer",
    "Nothing in the upper half moves",
)


class ChoiceReply(NamedTuple):
    """A reply to a question with options.

    Attributes:
        form: How it is written.
        options: The text of each option, by its letter.
        reply: What was answered.
        meant: The letter that it means; None if it means none.
    """

    form: str
    options: Mapping[str, str]
    reply: str
    meant: str | None


class YesNoReply(NamedTuple):
    """A reply to a question that asks for yes or no, how it is written, and what it means."""

    form: str
    reply: str
    meant: str | None


class NumberReply(NamedTuple):
    """A reply to a question that asks for a number.

    Attributes:
        form: How it is written.
        answer_type: "integer" or "float".
        precision: Decimal places; 0 for integers.
        answer: The right answer.
        reply: What was answered.
        is_right: Whether it means the right answer.
    """

    form: str
    answer_type: str
    precision: int
    answer: str
    reply: str
    is_right: bool


class ScoreReply(NamedTuple):
    """A grader's reply that is a score, how it is written, and the score; None if there is none."""

    form: str
    reply: str
    meant: float | None


_CHOICE_FORMS: Mapping[str, Callable[[str, str, str, str], str]] = {
    # Written with the letter and the text that are meant, another letter and a sentence.
    "letter": lambda letter, text, other, said: letter,
    "letter, marked": lambda letter, text, other, said: f"**{letter}.**",
    "letter in brackets": lambda letter, text, other, said: f"({letter})",
    "letter and text": lambda letter, text, other, said: f"{letter}. {text}",
    "text": lambda letter, text, other, said: text.capitalize(),
    "text with an article": lambda letter, text, other, said: f"A {_without_article(text)}.",
    "declared": lambda letter, text, other, said: f"The answer is {letter}.",
    "declared with its text": lambda letter, text, other, said: f"The correct answer is ({letter}) {text}.",
    "declared at the end": lambda letter, text, other, said: f"{said}. So the answer is {letter}.",
    "declared after an article": lambda letter, text, other, said: (
        f"A look shows it. {said}. Answer: {letter}"
    ),
    "declared after others": lambda letter, text, other, said: (
        f"{said}. Option {other} does not fit. Therefore, the answer is {letter}."
    ),
    "declared first": lambda letter, text, other, said: f"The answer is {letter}, because it fits. {said}.",
    "letter, then reasons": lambda letter, text, other, said: f"{letter}. {said}, which the others miss.",
    "boxed": lambda letter, text, other, said: f"{said}. \\boxed{{{letter}}}",
    "staged": lambda letter, text, other, said: (
        STAGES[0].wrap(f"I compare {other} with the rest.") + STAGES[-1].wrap(letter)
    ),
    "staged sentence": lambda letter, text, other, said: (
        STAGES[2].wrap(f"{said}, so {other} is wrong.") + STAGES[-1].wrap(f"The answer is {letter}")
    ),
}
_OPEN_FORMS: Mapping[str, Callable[[str, str, str, str], str]] = {
    # What chooses nothing.
    "two letters": lambda letter, text, other, said: f"It is {letter} or {other}.",
    "negated": lambda letter, text, other, said: f"It is not {letter}.",
    "article alone": lambda letter, text, other, said: "A closer look is needed.",
    "refusal": lambda letter, text, other, said: "I cannot see any picture here.",
    "reasons alone": lambda letter, text, other, said: f"{said}. {said}.",
}


def make_choice_reply(name: str, number: int) -> ChoiceReply:
    """Make a reply to a question with options of a benchmark; four in five choose one of them."""
    draw = random.Random(f"{name} {number}")
    pool = _NUMBERS if draw.random() < 0.25 else _THINGS
    texts = draw.sample(pool, 4)
    options = dict(zip("ABCD", texts, strict=True))
    meant, other = draw.sample(list(options), 2)
    forms = _CHOICE_FORMS if draw.random() < 0.8 else _OPEN_FORMS
    form = draw.choice(list(forms))
    reply = forms[form](meant, options[meant], other, draw.choice(_SENTENCES))
    return ChoiceReply(form, options, reply, meant if forms is _CHOICE_FORMS else None)


def make_yes_no_reply(number: int) -> YesNoReply:
    """Make a reply to a question that asks for yes or no."""
    draw = random.Random(f"yes or no {number}")
    meant = draw.choice(("yes", "no"))
    other = "no" if meant == "yes" else "yes"
    said = draw.choice(_SENTENCES)
    forms = {
        "word": (meant.capitalize(), meant),
        "word, marked": (f"**{meant.upper()}.**", meant),
        "word, then a sentence": (f"{meant.capitalize()} it {'is' if meant == 'yes' else 'is not'}.", meant),
        "word, then reasons": (f"{meant.capitalize()}, {said.lower()}.", meant),
        "declared": (f"{said}. The answer is {meant}.", meant),
        "declared after the other": (f"One could say {other}, but the answer is {meant}.", meant),
        "yes, there is no": ("Yes, there is no car on the bridge.", "yes"),
        "no in a sentence": ("There is no difference between the two lines.", None),
        "staged": (STAGES[1].wrap(f"No car, no lamp. {said}") + STAGES[-1].wrap(meant), meant),
        "both": ("Yes and no.", None),
        "negated": (f"The answer is not {meant}.", None),
        "neither": (f"{said}.", None),
    }
    form = draw.choice(list(forms))
    return YesNoReply(form, *forms[form])


_NUMBER_WORD_FORMS: Mapping[str, Callable[[str], str]] = {
    # Written with the word that is meant, and with digits that are not.
    "word": lambda word: word.capitalize(),
    "word before digits": lambda word: f"There are {word} bars above 61.",
    "word, then a step": lambda word: f"{word.capitalize()} of them; see step 99.",
    "word declared after digits": lambda word: f"From 61 to 99 it grows. The answer is {word}.",
}


def make_number_reply(number: int) -> NumberReply:
    """Make a reply to a question that asks for a number; three in four are right."""
    draw = random.Random(f"number {number}")
    precision = draw.choice((0, 1, 2))
    answer = f"{draw.uniform(2, 60):.{precision}f}"
    is_right = draw.random() < 0.75
    told = answer if is_right else f"{float(answer) + 1:.{precision}f}"
    forms = {
        "number": told,
        "number with more places": f"{told}{'' if '.' in told else '.'}0",
        "number with a unit": f"{told} cm",
        "money": f"${told}",
        "in a sentence": f"There are {told} of them.",
        "declared after others": f"From 61 to 99 it grows. The answer is {told}.",
        "declared equation": f"The answer is 61 - 99 = {told}.",
        "among others": f"Of 61 and 99, it is {told} that is left.",
        "staged": STAGES[2].wrap("61 + 99 is too much.") + STAGES[-1].wrap(told),
    }
    form = draw.choice([*forms, *_NUMBER_WORD_FORMS])
    if form in _NUMBER_WORD_FORMS:
        counted = draw.randrange(2, 12)
        word = _NUMBER_WORDS[counted - 2 if is_right else counted - 1]
        return NumberReply(form, "integer", 0, str(counted), _NUMBER_WORD_FORMS[form](word), is_right)
    kind = "integer" if precision == 0 else "float"
    return NumberReply(form, kind, precision, answer, forms[form], is_right)


def make_score_reply(number: int) -> ScoreReply:
    """Make a grader's reply that is a score from 0 to 1, or is none."""
    draw = random.Random(f"score {number}")
    score = draw.randrange(11) / 10
    forms = {
        "number": (f"{score}", score),
        "number, then reasons": (f"{score} because a part is missing", score),
        "declared": (f"Score: {score}", score),
        "marked": (f"**{score}**", score),
        "cell of a table": (f" {score} |", score),
        "out of range": ("7", None),
        "two numbers": ("0.4 or 0.6", None),
        "none": ("The answer is right.", None),
    }
    form = draw.choice(list(forms))
    return ScoreReply(form, *forms[form])


def _without_article(text: str) -> str:
    first, _, rest = text.partition(" ")
    return rest if first in ("a", "an", "the") else text
