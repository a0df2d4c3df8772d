"""Answers that are yes or no: what a reply says, and what it is worth."""

import re
from typing import Literal

from langchain_llava_o1.evaluation.grading import vlmevalkit
from langchain_llava_o1.evaluation.grading.prompts import UNKNOWN, ask_for_yes_or_no
from langchain_llava_o1.evaluation.grading.reply import concluding_text
from langchain_llava_o1.evaluation.grading.resources import GradingResources
from langchain_llava_o1.evaluation.item import Grade

YesOrNo = Literal["yes", "no"]

_WORD = re.compile(r"(?<![\w'’-])(yes|no)(?![\w'’-])", re.IGNORECASE)
_REACH = 40
_DECLARING = re.compile(
    r"\banswer\b[*_]{0,2}(?:\s*[:=]|\s+(?:is|would\s+be|should\s+be|must\s+be)\b:?)[^\w]*$", re.IGNORECASE
)
_WORD_FOLLOWS = re.compile(r"\s+\w")
# No noun: pronouns, articles and verbs. "Can" and "will" may be nouns.
_SENTENCE_FOLLOWS = re.compile(
    r"\s+(?:i|you|he|she|it|we|they|there|this|that|these|those|my|your|his|her|its|our|their|both|neither|the|an?"
    r"|not|(?:is|are|was|were|do|does|did|has|have|had|could|would|should)(?:n['’]t)?|cannot|(?:can|won)['’]t)\b",
    re.IGNORECASE,
)
_NEGATING = re.compile(
    r"(?:\b(?:not|nor|neither|never|cannot)|n['’]t)(?:\s+\w+){0,2}\s+[*_\"'“‘(]*$", re.IGNORECASE
)
_BOTH = re.compile(r"\s*(?:/|,|\band\b|\bor\b)\s*(?:yes|no)\b", re.IGNORECASE)


def read_yes_no(reply: str) -> YesOrNo | None:
    """Return whether a reply says yes or no; None if no rule can tell.

    What counts, from the first to the last: what it declares as its answer, its first word, and the only one
    of the two words that it has. The "no" of "no difference" is none of the two: it may well mean yes. The
    "No" of "No it is not." is one. What "is not yes" is not said.

    Args:
        reply: What was answered; stage tags are taken off.
    """
    text = concluding_text(reply)
    words = list(_WORD.finditer(text))
    declared = [
        word for word in words if _DECLARING.search(text[max(0, word.start() - _REACH) : word.start()])
    ]
    if declared:
        return _as_answer(declared[-1])
    answers = [word for word in words if not _belongs_to_noun(text, word)]
    if answers and _is_first(text, answers[0]):
        return None if _BOTH.match(text, answers[0].end()) else _as_answer(answers[0])
    if any(_NEGATING.search(text[max(0, word.start() - _REACH) : word.start()]) for word in answers):
        return None
    said = {_as_answer(word) for word in answers}
    return said.pop() if len(said) == 1 else None


async def grade_yes_no(question: str, answer: str, reply: str, resources: GradingResources) -> Grade:
    """Tell whether a reply says what is right.

    Args:
        question: What is asked, for a grader to read.
        answer: "yes" or "no".
        reply: What was answered.
        resources: Who reads what no rule can, and whether VLMEvalKit's rules are followed.

    Raises:
        GenerationError: If the grader fails for good.
    """
    if resources.is_compatible:
        return await vlmevalkit.grade_yes_no(question, answer, reply, resources.grader)
    if (said := read_yes_no(reply)) is not None:
        return Grade(float(said == answer), said)
    text = concluding_text(reply)
    if resources.grader is None or not text:
        return Grade(0.0, None, "nobody")
    reading = await resources.grader.ask(ask_for_yes_or_no(question, text), _read_meaning)
    if reading.value is None:
        return Grade(0.0, None, "nobody", reading.told)
    meaning = None if reading.value == UNKNOWN else reading.value
    return Grade(float(meaning == answer), meaning, "grader", reading.told)


def _read_meaning(told: str) -> str | None:
    is_unknown = told.strip(" .*_\"'\n").casefold() == UNKNOWN
    return UNKNOWN if is_unknown else read_yes_no(told)


def _as_answer(word: re.Match[str]) -> YesOrNo:
    return "yes" if word.group().casefold() == "yes" else "no"


def _is_first(text: str, word: re.Match[str]) -> bool:
    return not any(map(str.isalnum, text[: min(word.start(), _REACH)]))


def _belongs_to_noun(text: str, word: re.Match[str]) -> bool:
    if word.group().casefold() != "no" or not _WORD_FOLLOWS.match(text, word.end()):
        return False
    return not (_is_first(text, word) and _SENTENCE_FOLLOWS.match(text, word.end()))
