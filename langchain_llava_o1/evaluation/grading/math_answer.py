"""Answers to questions of mathematics: a number, a list, a text or an option, as MathVista has them."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from langchain_llava_o1.errors import DataError
from langchain_llava_o1.evaluation.grading import vlmevalkit
from langchain_llava_o1.evaluation.grading.grader import Grader
from langchain_llava_o1.evaluation.grading.number import are_equal, as_number
from langchain_llava_o1.evaluation.grading.number_answer import read_number
from langchain_llava_o1.evaluation.grading.option_text import without_article
from langchain_llava_o1.evaluation.grading.options import read_option
from langchain_llava_o1.evaluation.grading.prompts import NO_OPTION, ask_for_math_answer
from langchain_llava_o1.evaluation.grading.reply import concluding_text
from langchain_llava_o1.evaluation.grading.resources import GradingResources
from langchain_llava_o1.evaluation.item import Grade

MULTIPLE_CHOICE = "multi_choice"

_MARKS = "*_`\"'“”‘’$.,:;! \t\n"
_ANSWER_IS = re.compile(r"\banswer\b[*_]{0,2}(?:\s*:|\s+is\b:?)", re.IGNORECASE)
_IT_IS = re.compile(r"(?:it|this|that)(?:\s+is|['’]s)\s+", re.IGNORECASE)
_SENTENCE = re.compile(
    r"\b(?:i|it|this|that|there|these|those|we|you|they|is|are|was|were|am|be|has|have|had|can|cannot|could|may"
    r"|might|must|should|would|looks?|seems?|shows?|says?|not|or)\b|['’](?:s|re|m|t)\b",
    re.IGNORECASE,
)
"""What an answer of a few words does not have."""
_BRACKET_COMMAND = re.compile(r"\\(?:left|right)(?=\s*[\[\]])")
_NO_MEMBER = re.compile(r"[\\=+<>]")
"""What formulas have, and lists do not."""
_MOST_WORDS = 6
"""A reply of more words has its answer somewhere within."""


@dataclass(frozen=True)
class MathQuestion:
    """A question of mathematics, in the terms of MathVista's columns.

    Attributes:
        text: What is asked.
        question_type: "multi_choice" or "free_form".
        answer_type: "integer", "float", "list" or "text".
        choices: The text of each option, by its letter; none of a free form.
        precision: Decimal places of the answer, where it is a "float".
        answer: What is right; of a multiple choice the letter, or the text, of the right option.
    """

    text: str
    question_type: str
    answer_type: str
    choices: Mapping[str, str]
    precision: int | None
    answer: str


class _Form(ABC):
    """How an answer of some type is read, and compared with the right one."""

    @abstractmethod
    def describe(self, question: MathQuestion) -> str:
        """Say what form the answer has, to a grader."""

    @abstractmethod
    def read(self, text: str, question: MathQuestion) -> str | None:
        """Return the answer in a text; None if no rule can tell."""

    def read_told(self, told: str, question: MathQuestion) -> str | None:
        """Return the answer that a grader wrote down; None if it cannot be read."""
        return self.read(told, question)

    @abstractmethod
    def is_right(self, read: str, question: MathQuestion) -> bool:
        """Tell whether what was read is right."""


class _Option(_Form):
    def describe(self, question: MathQuestion) -> str:
        return "the letter of one option"

    def read(self, text: str, question: MathQuestion) -> str | None:
        return read_option(text, question.choices)

    def is_right(self, read: str, question: MathQuestion) -> bool:
        return read == right_letter(question)


class _Number(_Form):
    def describe(self, question: MathQuestion) -> str:
        places = question.precision
        if question.answer_type == "integer" or places is None:
            return "an integer" if question.answer_type == "integer" else "a number"
        return f"a number with {places} decimal place{'' if places == 1 else 's'}"

    def read(self, text: str, question: MathQuestion) -> str | None:
        number = read_number(text)
        return None if number is None else str(number)

    def is_right(self, read: str, question: MathQuestion) -> bool:
        right = as_number(question.answer)
        precision = question.precision if question.answer_type == "float" else None
        return right is not None and are_equal(Decimal(read), right, precision)


class _List(_Form):
    def describe(self, question: MathQuestion) -> str:
        return "a list in square brackets"

    def read(self, text: str, question: MathQuestion) -> str | None:
        plain = _BRACKET_COMMAND.sub("", text.replace(r"\[", "[").replace(r"\]", "]"))
        start = plain.rfind("[")
        end = plain.find("]", start)
        if not 0 <= start < end or _NO_MEMBER.search(plain, start, end):
            return None
        return plain[start : end + 1]

    def is_right(self, read: str, question: MathQuestion) -> bool:
        members, rights = _members_of(read), _members_of(question.answer)
        return len(members) == len(rights) and all(
            _are_alike(member, right) for member, right in zip(members, rights, strict=True)
        )


class _Text(_Form):
    def describe(self, question: MathQuestion) -> str:
        return "a word, or a few"

    def read(self, text: str, question: MathQuestion) -> str | None:
        said = self.read_told(text, question)
        if said is None:
            return None
        named = _IT_IS.sub("", said, count=1) if _IT_IS.match(said) else said
        if self.is_right(named, question):
            return named
        return None if _SENTENCE.search(said) or _mentions(said, question.answer) else said

    def read_told(self, told: str, question: MathQuestion) -> str | None:
        declarations = list(_ANSWER_IS.finditer(told))
        said = (told[declarations[-1].end() :] if declarations else told).strip(_MARKS)
        return said if said and len(said.split(maxsplit=_MOST_WORDS)) <= _MOST_WORDS else None

    def is_right(self, read: str, question: MathQuestion) -> bool:
        return _plain(read) == _plain(question.answer)


_OPTION = _Option()
_FORMS: Mapping[str, _Form] = {"integer": _Number(), "float": _Number(), "list": _List(), "text": _Text()}


async def grade_math_answer(question: MathQuestion, reply: str, resources: GradingResources) -> Grade:
    """Tell whether a reply comes to the right answer.

    Numbers are compared by their value, "float" to its precision; lists member by member; texts in any case
    and with any article.

    Args:
        question: What is asked, and what is right.
        reply: What was answered; stage tags are taken off.
        resources: Who reads what no rule can, and whether VLMEvalKit's rules are followed.

    Raises:
        DataError: If the question is of a type that does not exist.
        GenerationError: If the grader fails for good.
    """
    form, text = _form_of(question), concluding_text(reply)
    if resources.is_compatible:
        return await _grade_as_vlmevalkit(question, form, text, resources.grader)
    if (read := form.read(text, question)) is not None:
        return Grade(float(form.is_right(read, question)), read)
    if resources.grader is None or not text:
        return Grade(0.0, None, "nobody")
    prompt = ask_for_math_answer(question.text, form.describe(question), question.choices, text)
    reading = await resources.grader.ask(prompt, lambda told: _read_told(told, form, question))
    if reading.value is None:
        return Grade(0.0, None, "nobody", reading.told)
    if reading.value == NO_OPTION:
        return Grade(0.0, None, "grader", reading.told)
    return Grade(float(form.is_right(reading.value, question)), reading.value, "grader", reading.told)


def right_letter(question: MathQuestion) -> str | None:
    """Return the letter of the right option; None if the answer is none of them."""
    if question.answer in question.choices:
        return question.answer
    plain = _plain(question.answer)
    return next((letter for letter, text in question.choices.items() if _plain(text) == plain), None)


async def _grade_as_vlmevalkit(
    question: MathQuestion, form: _Form, text: str, grader: Grader | None
) -> Grade:
    """Grade as VLMEvalKit does: lists and texts are never right, numbers are read as Python reads them."""
    if (read := _read_as_vlmevalkit(text, question)) is not None:
        is_right = _is_right_for_vlmevalkit(read, question)
        # It believes its rule about a number only where the number is right.
        if is_right or question.question_type == MULTIPLE_CHOICE:
            return Grade(float(is_right), read)
    elif question.question_type != MULTIPLE_CHOICE and question.answer_type not in _CONVERSIONS:
        # What its grader writes down of a list or a text is compared with nothing, so that it is not asked.
        return Grade(0.0)
    if grader is None:
        return Grade(0.0, read, "nobody" if read is None else "rule")
    prompt = ask_for_math_answer(question.text, form.describe(question), question.choices, text)
    # It asks again only where the call itself failed.
    reading = await grader.ask(prompt, lambda told: told.strip() or None, tries=5)
    told = _read_as_vlmevalkit(reading.told.strip(), question)
    is_right = told is not None and _is_right_for_vlmevalkit(told, question)
    return Grade(float(is_right), told, "nobody" if told is None else "grader", reading.told)


def _read_as_vlmevalkit(text: str, question: MathQuestion) -> str | None:
    if question.question_type == MULTIPLE_CHOICE:
        return vlmevalkit.read_option(text, question.choices)
    try:
        return str(_CONVERSIONS[question.answer_type](text))
    except (KeyError, ValueError, OverflowError):
        return None


def _is_right_for_vlmevalkit(read: str, question: MathQuestion) -> bool:
    if question.question_type == MULTIPLE_CHOICE:
        return read == right_letter(question)
    convert = _CONVERSIONS[question.answer_type]
    try:
        return bool(convert(read) == convert(question.answer))
    except ValueError:
        return False


_CONVERSIONS: Mapping[str, type[int] | type[float]] = {"integer": int, "float": float}


def _form_of(question: MathQuestion) -> _Form:
    if question.question_type == MULTIPLE_CHOICE:
        return _OPTION
    if question.answer_type not in _FORMS:
        raise DataError(
            f"There is no answer_type {question.answer_type!r} of a free form; there are {', '.join(_FORMS)}."
        )
    return _FORMS[question.answer_type]


def _read_told(told: str, form: _Form, question: MathQuestion) -> str | None:
    return NO_OPTION if told.strip(_MARKS).casefold() == NO_OPTION else form.read_told(told.strip(), question)


def _members_of(text: str) -> list[str]:
    return [member.strip(" \t\n'\"") for member in text.strip().strip("[]()").split(",")]


def _are_alike(member: str, right: str) -> bool:
    value, other = as_number(member), as_number(right)
    return _plain(member) == _plain(right) if value is None or other is None else value == other


def _plain(text: str) -> str:
    return without_article(" ".join(text.strip(_MARKS).split())).casefold()


def _mentions(text: str, answer: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(_plain(answer))}(?!\w)", _plain(text)) is not None
