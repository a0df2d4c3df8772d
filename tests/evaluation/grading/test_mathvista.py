"""MathVista: rows that could not be graded, and what stands beside the accuracy."""

from pathlib import Path

import pytest

from langchain_llava_o1.evaluation.benchmark import Resources, open_benchmark
from langchain_llava_o1.evaluation.benchmarks.mathvista import LISTS_AND_TEXTS_WRONG
from langchain_llava_o1.evaluation.item import DamagedItemError
from langchain_llava_o1.evaluation.outcome import Outcome
from tests.evaluation.benchmark_files import mathvista_rows, write_table


@pytest.mark.parametrize(
    ("answer_type", "change", "message"),
    [
        ("integer", {"precision": "1e30"}, "row 2, column 'precision': '1e30'; expected a number of decimal"),
        ("float", {"precision": "21"}, "row 3, column 'precision': '21'; .*places, 0 to 20"),
        ("float", {"precision": "-1"}, "column 'precision': '-1'"),
        ("float", {"precision": "nan"}, "column 'precision': 'nan'"),
        ("integer", {"answer": "fourteen"}, "row 2, column 'answer': 'fourteen'; expected a number"),
        ("float", {"answer": "1.5 m"}, "row 3, column 'answer': '1.5 m'; expected a number"),
        ("float", {"answer": "1e999999"}, "row 3, column 'answer': '1e999999'"),
    ],
)
def test_an_answer_or_a_precision_that_is_no_number_is_damage(
    tmp_path: Path, answer_type: str, change: dict[str, str], message: str
) -> None:
    (row,) = (row for row in mathvista_rows() if row["answer_type"] == answer_type)
    write_table(tmp_path, "MathVista_MINI", [row | change])
    with pytest.raises(DamagedItemError, match=message):
        open_benchmark("mathvista", {}, Resources(tmp_path)).read_item(0)


async def test_a_text_that_is_no_number_may_be_the_answer_of_other_types(tmp_path: Path) -> None:
    row = mathvista_rows()[1] | {"answer_type": "text", "answer": "fourteen"}
    write_table(tmp_path, "MathVista_MINI", [row])
    benchmark = open_benchmark("mathvista", {}, Resources(tmp_path))
    assert (await benchmark.grade(benchmark.read_item(0), "Fourteen.")).score == 1


@pytest.mark.parametrize(("is_compatible", "other"), [(False, 0.5), (True, None)])
def test_lists_and_texts_are_counted_both_ways(
    tmp_path: Path, is_compatible: bool, other: float | None
) -> None:
    choice, integer, number = mathvista_rows()
    a_list = integer | {"answer_type": "list", "answer": "[1, 2]"}
    rows = [choice, integer, number, a_list]
    write_table(tmp_path, "MathVista_MINI", [row | {"index": str(place)} for place, row in enumerate(rows)])
    benchmark = open_benchmark("mathvista", {}, Resources(tmp_path, is_compatible=is_compatible))
    outcomes = [Outcome(place, str(place), "", "", score, 0, 0) for place, score in enumerate([1, 0, 1, 1])]
    # The option's answer_type is "text", too, and is compared by its letter.
    assert benchmark.further_scores(outcomes).get(LISTS_AND_TEXTS_WRONG) == other
    assert LISTS_AND_TEXTS_WRONG not in benchmark.further_scores(outcomes[:3])
