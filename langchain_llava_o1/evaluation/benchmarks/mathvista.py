"""MathVista: mathematics in pictures, the part ``testmini`` (arXiv 2310.02255)."""

from collections.abc import Mapping, Sequence

from langchain_llava_o1.data.formats.benchmark_file import read_list
from langchain_llava_o1.errors import DataError
from langchain_llava_o1.evaluation.benchmark_files.file_benchmark import FileBenchmark
from langchain_llava_o1.evaluation.benchmark_files.row import BenchmarkRow
from langchain_llava_o1.evaluation.grading.math_answer import MathQuestion, grade_math_answer
from langchain_llava_o1.evaluation.grading.number import as_number
from langchain_llava_o1.evaluation.item import Grade, Item
from langchain_llava_o1.evaluation.outcome import Outcome
from langchain_llava_o1.pictures.base64_text import shorten

_MULTIPLE_CHOICE = "multi_choice"
_QUESTION_TYPES = (_MULTIPLE_CHOICE, "free_form")
_REQUESTS = {
    "integer": "Answer with a whole number.",
    "float": "Answer with a decimal number.",
    "list": "Answer with a list in square brackets.",
    "text": "Answer in a few words.",
}
_CHOICE_REQUEST = "Answer with the letter of the right option."
_MOST_PLACES = 20
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


_TYPES_NEVER_RIGHT = ("list", "text")
LISTS_AND_TEXTS_WRONG = "accuracy, lists and texts wrong"
"""The accuracy in which no list and no text of a free form is right, as with VLMEvalKit."""


class MathVista(FileBenchmark):
    """A kind is a task, as in "geometry problem solving"; the skills stand beside the accuracy."""

    published_name = "MathVista_MINI"
    columns = ("question", "question_type", "answer_type", "answer", "answer_option", "choices", "task")
    kept_columns = ("skills", "question_type", "answer_type")

    def make_item(self, row: BenchmarkRow, pictures: Sequence[bytes], sources: Sequence[str]) -> Item:
        """Make the item of a row: its question, which as published has its options and asks for a form."""
        question_type = row.read_one_of("question_type", _QUESTION_TYPES)
        answer_type = row.read_one_of("answer_type", _REQUESTS)
        is_choice = question_type == _MULTIPLE_CHOICE
        choices = _read_choices(row) if is_choice else {}
        question = MathQuestion(
            text=row.read("question"),
            question_type=question_type,
            answer_type=answer_type,
            choices=choices,
            precision=_read_precision(row),
            answer=row.read_one_of("answer_option", choices) if is_choice else _read_answer(row, answer_type),
        )
        return Item(
            id=row.index,
            pictures=pictures,
            question=_ask(question),
            kind=row.find("task") or self.name,
            reference=question,
            choices=tuple(choices),
            sources=sources,
        )

    async def grade(self, item: Item, conclusion: str) -> Grade:
        """Compare what is answered with the right answer, by its type."""
        return await grade_math_answer(item.reference, conclusion, self.resources)

    def further_scores(self, outcomes: Sequence[Outcome]) -> Mapping[str, float]:
        """Return the accuracy of the questions that need each skill, and both ways to count lists and texts.

        The other way stands there only if lists or texts were asked for, and counted.
        """
        scores: dict[str, list[float]] = {}
        others: list[float] = []
        for outcome in outcomes:
            skills, question_type, answer_type = self.places[outcome.number].kept
            for skill in _read_skills(skills):
                scores.setdefault(skill, []).append(outcome.score)
            is_choice = question_type.strip().casefold() == _MULTIPLE_CHOICE
            if is_choice or answer_type.strip().casefold() not in _TYPES_NEVER_RIGHT:
                others.append(outcome.score)
        by_skill = {skill: sum(found) / len(found) for skill, found in sorted(scores.items())}
        if len(others) == len(outcomes) or self.resources.is_compatible:
            return by_skill
        return {LISTS_AND_TEXTS_WRONG: sum(others) / len(outcomes), **by_skill}


def _read_choices(row: BenchmarkRow) -> dict[str, str]:
    cell = row.read("choices")
    try:
        texts = read_list(cell)
    except DataError as error:
        raise row.damage("choices", str(error), expected="a list of options") from error
    if not 2 <= len(texts) <= len(_LETTERS):
        raise row.damage("choices", f"{len(texts)} options", expected=f"2 to {len(_LETTERS)}")
    return dict(zip(_LETTERS, texts, strict=False))


def _read_answer(row: BenchmarkRow, answer_type: str) -> str:
    text = row.read("answer")
    if answer_type in ("integer", "float") and as_number(text) is None:
        raise row.damage("answer", repr(shorten(text)), expected="a number, as its answer_type says")
    return text


def _read_precision(row: BenchmarkRow) -> int | None:
    text = row.find("precision")
    if not text:
        return None
    places = as_number(text)
    if places is None or not 0 <= places <= _MOST_PLACES:
        expected = f"a number of decimal places, 0 to {_MOST_PLACES}"
        raise row.damage("precision", repr(shorten(text)), expected=expected)
    return int(places)


def _read_skills(cell: str) -> Sequence[str]:
    try:
        return read_list(cell)
    except DataError:
        return ()


def _ask(question: MathQuestion) -> str:
    """Write the question; what its text does not have of options and request is added."""
    lines = [question.text]
    if question.choices and not all(text in question.text for text in question.choices.values()):
        lines += [f"{letter}. {text}" for letter, text in question.choices.items()]
    if "hint:" not in question.text.lower():
        lines.append(_CHOICE_REQUEST if question.choices else _REQUESTS[question.answer_type])
    return "\n".join(lines)
