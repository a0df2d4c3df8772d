"""MM-Vet: open questions that need several capabilities at once, graded by a model (arXiv 2308.02490)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.benchmark_files.file_benchmark import FileBenchmark
from langchain_llava_o1.evaluation.benchmark_files.row import BenchmarkRow
from langchain_llava_o1.evaluation.grading.free_answer import grade_free_answer
from langchain_llava_o1.evaluation.item import Grade, Item
from langchain_llava_o1.evaluation.outcome import Outcome

_CAPABILITIES = ("rec", "ocr", "know", "gen", "spat", "math")
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class OpenQuestion:
    """What an answer is graded by.

    Attributes:
        text: The question.
        answer: What is right; ``<AND>`` joins what must all be said, ``<OR>`` what may be.
    """

    text: str
    answer: str


class MMVet(FileBenchmark):
    """A kind is the capabilities that a question needs; an answer is worth anything from 0 to 1."""

    published_name = "MMVet"

    def make_item(self, row: BenchmarkRow, pictures: Sequence[bytes], sources: Sequence[str]) -> Item:
        """Make the item of a row: its question as it stands."""
        text = row.read("question")
        needed = _capabilities_of(row.find("category"))
        if not needed:
            raise row.damage(
                "category", repr(row.find("category")), expected=f"some of {', '.join(_CAPABILITIES)}"
            )
        return Item(
            id=row.index,
            pictures=pictures,
            question=text,
            kind=", ".join(needed),
            reference=OpenQuestion(text, row.read("answer")),
            sources=sources,
        )

    async def grade(self, item: Item, conclusion: str) -> Grade:
        """Ask the grader for a score."""
        question: OpenQuestion = item.reference
        return await grade_free_answer(question.text, question.answer, conclusion, self.resources)

    def numbers(self, first: int, count: int) -> range:
        """Return the numbers of ``count`` items from ``first`` on.

        Raises:
            ConfigurationError: If it has fewer, or nobody would grade the answers. That is said here, before
                anything is asked, and not when it is opened: reports read its pictures without a grader.
        """
        if self.resources.grader is None:
            raise ConfigurationError(
                "The answers to mmvet are graded by a model, and none is given. Name one, as in "
                "--grader openai:gpt-4o-mini."
            )
        return super().numbers(first, count)

    def further_scores(self, outcomes: Sequence[Outcome]) -> Mapping[str, float]:
        """Return the mean score of the questions that need each capability."""
        scores: dict[str, list[float]] = {capability: [] for capability in _CAPABILITIES}
        for outcome in outcomes:
            for capability in _capabilities_of(outcome.kind):
                scores[capability].append(outcome.score)
        return {capability: sum(found) / len(found) for capability, found in scores.items() if found}


def _capabilities_of(text: str) -> list[str]:
    words = _WORD.findall(text.lower())
    return [capability for capability in _CAPABILITIES if capability in words]
