"""Questions of several rows, of which some are damaged or not answered."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from langchain_llava_o1.evaluation.benchmark import Benchmark, Resources, open_benchmark
from langchain_llava_o1.evaluation.item import DamagedItemError
from langchain_llava_o1.evaluation.outcome import Outcome
from tests.evaluation.benchmark_files import write_published
from tests.evaluation.test_published_benchmarks import measure, readable_items, right_answer

Cells = Sequence[str]
Damage = Callable[[Cells], Cells]


def open_damaged(folder: Path, name: str, index: str, damage: Damage) -> Benchmark:
    """Open a benchmark whose row of an index has other cells."""
    path = write_published(folder, name)
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    lines = ["\t".join(damage(cells) if cells[0] == index else cells) for cells in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogateescape")
    return open_benchmark(name, {}, Resources(folder))


def cut_off(cells: Cells) -> Cells:
    """Take all but the index and a cell."""
    return cells[:2]


def leave_the_index(cells: Cells) -> Cells:
    return cells[:1]


def break_the_text(cells: Cells) -> Cells:
    """Write a byte that is no UTF-8."""
    return [cells[0], "\udcff", *cells[2:]]


def open_quotation(cells: Cells) -> Cells:
    return [cells[0], f'"{cells[1]}', *cells[2:]]


def lose_the_index(cells: Cells) -> Cells:
    return ["?", *cells[1:3]]


def misspell_the_index(cells: Cells) -> Cells:
    """Leave a whole row that is of no question."""
    return ["x", *cells[1:]]


@pytest.mark.parametrize(
    "damage",
    [cut_off, leave_the_index, break_the_text, open_quotation, lose_the_index, misspell_the_index],
)
@pytest.mark.parametrize("rotation", ["1000241", "2000241"])
async def test_a_question_of_mmbench_with_a_lost_row_does_not_count(
    tmp_path: Path, damage: Damage, rotation: str
) -> None:
    benchmark = open_damaged(tmp_path, "mmbench", rotation, damage)
    assert benchmark.num_items == 9
    damages: list[DamagedItemError] = []
    # The rotations that are left of it are wrong; of the others all are right.
    report = await measure(benchmark, lambda item: "D" if item.unit == "241" else right_answer(item), damages)
    assert (report.items, len(damages)) == (8, 1)
    assert (report.counted, report.accuracy) == (2, 1.0)


def test_a_lost_row_of_mmbench_is_asked_for_with_its_question(tmp_path: Path) -> None:
    benchmark = open_damaged(tmp_path, "mmbench", "1000241", cut_off)
    assert benchmark.numbers(0, 1) == range(3)
    with pytest.raises(DamagedItemError, match="a row of 2 cells"):
        benchmark.read_item(1)


def answered(benchmark: Benchmark, scores: dict[str, float]) -> list[Outcome]:
    """Return what came of the items of some indexes."""
    found = []
    for number in range(benchmark.num_items or 0):
        try:
            item = benchmark.read_item(number)
        except DamagedItemError:
            continue
        if (place := item.id.removeprefix("VD_chart_1_")) in scores:
            found.append(Outcome(number, item.id, item.kind, "", scores[place], 0, 0))
    return found


@pytest.mark.parametrize("damage", [None, cut_off, break_the_text, open_quotation])
def test_figures_and_questions_of_hallusion_bench_count_if_they_are_complete(
    tmp_path: Path, damage: Damage | None
) -> None:
    benchmark = open_damaged(tmp_path, "hallusion-bench", "VD_chart_1_0_2_1", damage or tuple)
    assert len(readable_items(benchmark)) == (5 if damage is None else 4)
    # Of figure 0_2 and of question 1 of its set, a row is damaged or not answered.
    scores = {"0_1_0": 1.0, "0_1_1": 1.0, "0_2_0": 0.0, "1_1_0": 1.0}
    shares = {"aAcc": 3 / 4, "fAcc": 1.0, "qAcc": 1 / 2}
    expected = {**shares, "mean of aAcc, fAcc, qAcc": sum(shares.values()) / 3}
    assert benchmark.further_scores(answered(benchmark, scores)) == pytest.approx(expected)


def test_without_a_whole_figure_hallusion_bench_has_no_mean(tmp_path: Path) -> None:
    write_published(tmp_path, "hallusion-bench")
    benchmark = open_benchmark("hallusion-bench", {}, Resources(tmp_path))
    assert benchmark.further_scores(answered(benchmark, {"0_1_0": 1.0})) == {"aAcc": 1.0}
    # A whole figure, and of no question all figures.
    one_figure = answered(benchmark, {"0_1_0": 1.0, "0_1_1": 0.0})
    assert benchmark.further_scores(one_figure) == {"aAcc": 0.5, "fAcc": 0.0}
