"""A look at the questions of a set before any is asked: what is wrong with its lines, and what each asks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from langchain_llava_o1.data.annotation.question import (
    digest_question,
    find_repeated_conclusion,
    read_questions,
)
from langchain_llava_o1.data.problem import Problem
from langchain_llava_o1.data.training_set import TrainingSet

_PROBLEMS_KEPT = 20


@dataclass(frozen=True)
class LineProblems:
    """What is wrong with the lines of a set.

    Attributes:
        first: The first 20 problems.
        number: How many there are.
    """

    first: tuple[Problem, ...] = ()
    number: int = 0


ReportProblems = Callable[[LineProblems], None]


@dataclass(frozen=True)
class QuestionSurvey:
    """What the questions of a set are.

    Attributes:
        digests: The digest of each question, by id, in the order of the set.
        problems: What is wrong with its lines, among it pictures that have no file, and reference answers of
            which there are several.
    """

    digests: Mapping[str, str]
    problems: LineProblems


def survey_questions(training_set: TrainingSet) -> QuestionSurvey:
    """Look at every line of a set once; no picture is decoded."""
    first: list[Problem] = []
    number = 0

    def note(problem: Problem) -> None:
        nonlocal number
        number += 1
        if number <= _PROBLEMS_KEPT:
            first.append(problem)

    digests = {}
    for example in read_questions(training_set, note):
        digests[example.id] = digest_question(example)
        for problem in training_set.find_missing_pictures(example):
            note(problem)
        if (repeated := find_repeated_conclusion(example)) is not None:
            note(repeated)
    return QuestionSurvey(digests, LineProblems(tuple(first), number))
