"""HallusionBench: yes or no about figures and altered copies of them (arXiv 2310.14566)."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from langchain_llava_o1.evaluation.benchmark_files.file_benchmark import FileBenchmark
from langchain_llava_o1.evaluation.benchmark_files.row import BenchmarkRow
from langchain_llava_o1.evaluation.benchmark_files.table import RowPlace
from langchain_llava_o1.evaluation.grading.yes_no import grade_yes_no
from langchain_llava_o1.evaluation.item import Grade, Item
from langchain_llava_o1.evaluation.outcome import Outcome
from langchain_llava_o1.evaluation.published import HALLUSION_BENCH_SCORE

_REQUEST = "Answer yes or no."
_CHOICES = ("Yes", "No")
_KIND_COLUMNS = ("l2-category", "category")


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
    right about every figure. A figure or a question counts once all of its rows in the file are answered:
    what is missing of it, such as a damaged row, might be wrong. Where no figure counts there is no fAcc,
    where no question does no qAcc, and without both no mean. VLMEvalKit gives the mean of the three as the
    benchmark's score (github.com/open-compass/VLMEvalKit, issue 113), and published tables have that.
    """

    published_name = "HallusionBench"
    kept_columns = _KIND_COLUMNS

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
            kind=row.find(*_KIND_COLUMNS) or self.name,
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
        """Return aAcc, fAcc, qAcc and their mean, as far as there are whole figures and questions."""
        scores = {outcome.number: outcome.score for outcome in outcomes}
        shares = {
            "aAcc": sum(scores.values()) / len(scores),
            "fAcc": self._share_all_right(scores, lambda place: (place.set, place.figure)),
            "qAcc": self._share_all_right(scores, lambda place: (place.set, place.question)),
        }
        found = {name: share for name, share in shares.items() if share is not None}
        is_whole = len(found) == len(shares)
        return found | ({HALLUSION_BENCH_SCORE: sum(found.values()) / len(found)} if is_whole else {})

    def _share_all_right(
        self, scores: Mapping[int, float], group_of: Callable[[_Place], tuple[str, str]]
    ) -> float | None:
        """Return the share of groups that are all right, of those that are all answered; None without any."""
        groups: defaultdict[tuple[str, str, str], list[int]] = defaultdict(list)
        for number, row in enumerate(self.places):
            if place := _read_place(row.index):
                groups[self._kind_of(row), *group_of(place)].append(number)
        whole = [numbers for numbers in groups.values() if all(number in scores for number in numbers)]
        right = sum(all(scores[number] == 1 for number in numbers) for numbers in whole)
        return right / len(whole) if whole else None

    def _kind_of(self, row: RowPlace) -> str:
        if row.problem is not None:
            # Its cells cannot be told apart; its index has the kind, too, as in VD_chart_1_0_1_0.
            return row.index.split("_")[1]
        return next(filter(None, map(str.strip, row.kept)), self.name)


def _read_place(index: str) -> _Place | None:
    parts = index.split("_")[3:6]
    return _Place(*parts) if len(parts) == len(_Place._fields) else None
