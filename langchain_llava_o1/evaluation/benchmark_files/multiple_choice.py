"""Benchmarks that ask for one of several options, each under a letter."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from langchain_llava_o1.evaluation.benchmark_files.file_benchmark import FileBenchmark
from langchain_llava_o1.evaluation.benchmark_files.row import BenchmarkRow
from langchain_llava_o1.evaluation.grading.options import grade_option
from langchain_llava_o1.evaluation.item import Grade, Item

_REQUEST = "Answer with the letter of the right option."


@dataclass(frozen=True)
class ChoiceQuestion:
    """What an answer is graded by.

    Attributes:
        text: The question with its hint, without its options.
        options: What there is to choose from, by letter.
        answer: The letter of the right option.
    """

    text: str
    options: Mapping[str, str]
    answer: str


class MultipleChoiceBenchmark(FileBenchmark):
    """Each row has its options in the columns ``A``, ``B`` and so on, and a letter as its answer."""

    columns = ("question", "A", "B", "answer")

    def make_item(self, row: BenchmarkRow, pictures: Sequence[bytes], sources: Sequence[str]) -> Item:
        """Make the item of a row: its hint, its question, and its options, each in a line of its own."""
        options = row.read_options()
        text = "\n".join(filter(None, (row.find("hint"), row.read("question"))))
        lines = [text, *(f"{letter}. {option}" for letter, option in options.items()), _REQUEST]
        return Item(
            id=row.index,
            pictures=pictures,
            question="\n".join(lines),
            kind=self.kind_of(row),
            reference=ChoiceQuestion(text, options, row.read_one_of("answer", options)),
            skill=self.skill_of(row),
            unit=self.unit_of(row),
            unit_items=self.unit_items_of(row),
            choices=tuple(options),
            sources=sources,
        )

    async def grade(self, item: Item, conclusion: str) -> Grade:
        """Give all to the right option, and nothing to others."""
        question: ChoiceQuestion = item.reference
        # The same draw for the same item, run after run, where answers are drawn as VLMEvalKit does.
        seed = zlib.crc32(item.id.encode())
        return await grade_option(
            question.text, question.options, question.answer, conclusion, self.resources, seed=seed
        )

    def kind_of(self, row: BenchmarkRow) -> str:
        """Return the kind that a row is counted under."""
        return row.find("category") or self.name

    def skill_of(self, row: BenchmarkRow) -> str:
        """Return what the kind of a row needs; empty where the file does not say."""
        return ""

    def unit_of(self, row: BenchmarkRow) -> str:
        """Return what a row counts as a part of; empty where it counts by itself."""
        return ""

    def unit_items_of(self, row: BenchmarkRow) -> int:
        """Return how many rows that has."""
        return 1
