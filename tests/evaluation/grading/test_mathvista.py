"""Rows of MathVista that could not be graded are told when they are read."""

from pathlib import Path

import pytest

from langchain_llava_o1.evaluation.benchmark import Resources, open_benchmark
from langchain_llava_o1.evaluation.item import DamagedItemError
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
