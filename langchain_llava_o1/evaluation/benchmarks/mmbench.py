"""MMBench V1.1: each question is asked with its options in every rotation, and must be right in all.

This is its circular evaluation (arXiv 2307.06281).
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.benchmark import NO_RESOURCES, Resources
from langchain_llava_o1.evaluation.benchmark_files.multiple_choice import MultipleChoiceBenchmark
from langchain_llava_o1.evaluation.benchmark_files.row import BenchmarkRow
from langchain_llava_o1.evaluation.benchmark_files.table import RowPlace

_DEV = "dev"
_ROTATION = 1_000_000
"""Rotations of one question have indexes that differ by multiples of this."""
_NO_QUESTION = ""


class MMBench(MultipleChoiceBenchmark):
    """An item is one rotation; those of one question follow each other and count as one."""

    published_name = "MMBench_DEV_EN_V11"

    def __init__(self, name: str, options: Mapping[str, str], resources: Resources = NO_RESOURCES) -> None:
        """Find the rows of the file.

        Raises:
            ConfigurationError: If the file is missing, or the split has no answers.
        """
        if options["split"] != _DEV:
            raise ConfigurationError(
                f"The answers of MMBench's split {options['split']!r} are not published: only its authors' "
                f"server grades them. Use the split {_DEV!r}."
            )
        super().__init__(name, options, resources)
        self._questions = [_question_of(place.index) for place in self.places]
        self._num_rotations = Counter(self._questions)

    def order_places(self, places: Sequence[RowPlace]) -> Sequence[RowPlace]:
        """Put the rotations of each question behind one another, where its first one stands."""
        questions: dict[str, list[RowPlace]] = {}
        for place in places:
            # A row whose index cannot be read may belong to any question.
            question = _question_of(place.index) or f"line {place.location.line}"
            questions.setdefault(question, []).append(place)
        return [place for rotations in questions.values() for place in rotations]

    def numbers(self, first: int, count: int) -> range:
        """Return the numbers of ``count`` items and of those that complete the first and last question."""
        asked = super().numbers(first, count)
        start, stop = asked.start, asked.stop
        while start < stop and self._continues_question(start):
            start -= 1
        while start < stop and self._continues_question(stop):
            stop += 1
        return range(start, stop)

    def kind_of(self, row: BenchmarkRow) -> str:
        """Return the ability that is asked for."""
        return row.find("category") or self.name

    def skill_of(self, row: BenchmarkRow) -> str:
        """Return the broader ability."""
        return row.find("l2-category", "l2_category")

    def unit_of(self, row: BenchmarkRow) -> str:
        """Return the question that a row is a rotation of."""
        question = _question_of(row.index)
        if not question:
            raise row.damage("index", repr(row.index), expected="a whole number")
        return question

    def unit_items_of(self, row: BenchmarkRow) -> int:
        """Return how many rotations the question has, those that are damaged included.

        There is one for each option. Where the file has a row that may belong to any question, fewer rows
        than options are no whole question.
        """
        found = self._num_rotations[_question_of(row.index)]
        has_lost_row = self._num_rotations[_NO_QUESTION] > 0
        return max(found, len(row.read_options())) if has_lost_row else found

    def _continues_question(self, number: int) -> bool:
        if not 0 < number < len(self._questions):
            return False
        question = self._questions[number]
        return bool(question) and question == self._questions[number - 1]


def _question_of(index: str) -> str:
    """Return the question of a row's index; none if it is no whole number."""
    return str(int(index) % _ROTATION) if index.isascii() and index.isdigit() else _NO_QUESTION
