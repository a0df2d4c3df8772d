"""HallusionBench: yes or no about figures and altered copies of them (arXiv 2310.14566)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from langchain_llava_o1.evaluation.benchmark_files.file_benchmark import FileBenchmark
from langchain_llava_o1.evaluation.benchmark_files.row import BenchmarkRow
from langchain_llava_o1.evaluation.grading.yes_no import grade_yes_no
from langchain_llava_o1.evaluation.item import Grade, Item
from langchain_llava_o1.evaluation.outcome import Outcome
from langchain_llava_o1.evaluation.published import HALLUSION_BENCH_SCORE

_REQUEST = "Answer yes or no."
_CHOICES = ("Yes", "No")


@dataclass(frozen=True)
class YesNoQuestion:
    """What an answer is graded by.

    Attributes:
        text: The question.
        answer: ``yes`` or ``no``.
    """

    text: str
    answer: str


class _Place(NamedTuple):
    """Which figure a question is about, and which question it is, within a set of both."""

    set: str
    figure: str
    question: str


class HallusionBench(FileBenchmark):
    """The accuracy is aAcc; that, fAcc, qAcc and the mean of all three stand in a table of their own.

    fAcc is the share of figures about which every question is right, qAcc the share of questions that are
    right about every figure. VLMEvalKit gives the mean of the three as the benchmark's score
    (github.com/open-compass/VLMEvalKit, issue 113), and published tables have that.
    """

    published_name = "HallusionBench"

    def make_item(self, row: BenchmarkRow, pictures: Sequence[bytes], sources: Sequence[str]) -> Item:
        """Make the item of a row: its question, and the request for a yes or no."""
        text = row.read("question")
        if _read_place(row.index) is None:
            raise row.damage(
                "index", repr(row.index), expected="six parts with _ between them, set, figure, question last"
            )
        answer = row.read_one_of("answer", _CHOICES).lower()
        return Item(
            id=row.index,
            pictures=pictures,
            question=f"{text}\n{_REQUEST}",
            kind=row.find("l2-category", "category") or self.name,
            reference=YesNoQuestion(text, answer),
            skill=row.find("category"),
            choices=_CHOICES,
            sources=sources,
        )

    async def grade(self, item: Item, conclusion: str) -> Grade:
        """Give all to the right one of yes and no."""
        question: YesNoQuestion = item.reference
        return await grade_yes_no(question.text, question.answer, conclusion, self.resources)

    def further_scores(self, outcomes: Sequence[Outcome]) -> Mapping[str, float]:
        """Return aAcc, fAcc, qAcc and their mean."""
        answers = sum(outcome.score for outcome in outcomes) / len(outcomes)
        figures = _share_all_right(outcomes, lambda place: (place.set, place.figure))
        questions = _share_all_right(outcomes, lambda place: (place.set, place.question))
        mean = (answers + figures + questions) / 3
        return {"aAcc": answers, "fAcc": figures, "qAcc": questions, HALLUSION_BENCH_SCORE: mean}


def _read_place(index: str) -> _Place | None:
    parts = index.split("_")[3:6]
    return _Place(*parts) if len(parts) == len(_Place._fields) else None


def _share_all_right(outcomes: Sequence[Outcome], group_of: Callable[[_Place], tuple[str, str]]) -> float:
    groups: dict[tuple[str, str, str], list[float]] = {}
    for outcome in outcomes:
        place = _read_place(outcome.id)
        assert place is not None, "an item without its place is damaged, and is not asked"
        groups.setdefault((outcome.kind, *group_of(place)), []).append(outcome.score)
    return sum(all(score == 1 for score in scores) for scores in groups.values()) / len(groups)
