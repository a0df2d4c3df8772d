"""Answers that choose among options: the letter that a reply chooses, and what it is worth."""

from collections.abc import Mapping, Sequence

from langchain_llava_o1.evaluation.grading import vlmevalkit
from langchain_llava_o1.evaluation.grading.option_letter import (
    LetterMention,
    are_alternatives,
    find_option_letters,
    is_declared,
    is_negated,
)
from langchain_llava_o1.evaluation.grading.option_text import Mention, find_option_texts
from langchain_llava_o1.evaluation.grading.prompts import NO_OPTION, ask_for_option
from langchain_llava_o1.evaluation.grading.reply import concluding_text
from langchain_llava_o1.evaluation.grading.resources import GradingResources
from langchain_llava_o1.evaluation.item import Grade

_MARKS = "()[]{}*_`\"'“”‘’.,:;!$ \t\n"
_ARTICLES = ("", "a", "an", "the")
_REACH = 16
"""How far from the beginning of a reply something may stand that it begins with."""

_NUM_LAST_WORDS = 4
"""A letter counts among the last words of a reply."""


def read_option(reply: str, options: Mapping[str, str]) -> str | None:
    """Return the letter that a reply chooses; None if no rule can tell.

    What counts, from the first to the last: a reply that is nothing but a letter; the letter that it declares
    as its answer; a letter written as an option at its beginning; the only letter, among the last words; the
    only option whose text it has, where it declares that, begins with it, or is short.

    Args:
        reply: What was answered; stage tags are taken off.
        options: The text of each option, by its letter.
    """
    text = concluding_text(reply)
    bare = text.strip(_MARKS)
    if bare.upper() in options:
        return bare.upper()
    texts = find_option_texts(text, options)
    letters = list(find_option_letters(text, options, texts))
    declared = [found for found in letters if found.is_declared]
    if declared:
        return _read_declared(text, declared[-1], letters)
    text_choice = _read_text(text, texts, options)
    if letters and not text[: letters[0].mention.start].strip(_MARKS) and letters[0].is_marked:
        return _read_first(letters)
    if len({found.mention.letter for found in letters}) == 1:
        return _read_last(text, letters[-1], text_choice)
    return None if letters else text_choice


async def grade_option(
    question: str,
    options: Mapping[str, str],
    answer: str,
    reply: str,
    resources: GradingResources,
    *,
    seed: int,
) -> Grade:
    """Tell whether a reply chooses the right option.

    Args:
        question: What is asked, for a grader to read.
        options: The text of each option, by its letter.
        answer: The letter of the right one.
        reply: What was answered.
        resources: Who reads what no rule can, and whether VLMEvalKit's rules are followed.
        seed: Of the draw that VLMEvalKit makes where its grader cannot read a reply.

    Raises:
        GenerationError: If the grader fails for good.
    """
    if resources.is_compatible:
        return await vlmevalkit.grade_option(question, options, answer, reply, resources.grader, seed=seed)
    if (letter := read_option(reply, options)) is not None:
        return Grade(float(letter == answer), letter)
    text = concluding_text(reply)
    if resources.grader is None or not text:
        return Grade(0.0, None, "nobody")
    reading = await resources.grader.ask(
        ask_for_option(question, options, text), lambda told: read_chosen(told, options)
    )
    if reading.value is None:
        return Grade(0.0, None, "nobody", reading.told)
    letter = None if reading.value == NO_OPTION else reading.value
    return Grade(float(letter == answer), letter, "grader", reading.told)


def read_chosen(told: str, options: Mapping[str, str]) -> str | None:
    """Return the letter that a grader names, or ``NO_OPTION``; None if its reply cannot be read."""
    if told.strip(_MARKS).casefold() == NO_OPTION:
        return NO_OPTION
    return read_option(told, options)


def _read_declared(text: str, declared: LetterMention, letters: Sequence[LetterMention]) -> str | None:
    place = letters.index(declared)
    if place + 1 < len(letters):
        following = letters[place + 1].mention
        if following.letter != declared.mention.letter and are_alternatives(
            text, declared.mention, following
        ):
            return None
    return declared.mention.letter


def _read_first(letters: Sequence[LetterMention]) -> str | None:
    marked = {found.mention.letter for found in letters if found.is_marked}
    # A reply that goes through the options one by one begins like one that chooses the first of them.
    return letters[0].mention.letter if len(marked) == 1 else None


def _read_last(text: str, found: LetterMention, text_choice: str | None) -> str | None:
    letter = found.mention.letter
    num_words_after = len(text[found.mention.end :].split(maxsplit=_NUM_LAST_WORDS))
    if num_words_after >= _NUM_LAST_WORDS:
        return text_choice
    # "It is the cat in figure B" may not mean option B.
    return letter if found.is_named or text_choice in (None, letter) else None


def _read_text(text: str, texts: Sequence[Mention], options: Mapping[str, str]) -> str | None:
    meant = [found for found in texts if not is_negated(text, found)]
    declared = {found.letter for found in meant if is_declared(text, found)}
    if declared:
        return declared.pop() if len(declared) == 1 else None
    opening = {found.letter for found in meant if _begins_with(text, found)}
    if len(opening) == 1:
        return opening.pop()
    is_short = len(text) <= 2 * sum(map(len, options.values()))
    letters = {found.letter for found in meant}
    return letters.pop() if is_short and len(letters) == 1 else None


def _begins_with(text: str, found: Mention) -> bool:
    is_first = found.start <= _REACH and text[: found.start].strip(_MARKS).casefold() in _ARTICLES
    return is_first and text[found.end : found.end + 1] in tuple(".,:;!\n")
