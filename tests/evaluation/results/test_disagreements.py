"""Which items a page shows, and what of them."""

import io
from base64 import b64decode
from pathlib import Path

import pytest
from PIL import Image

from langchain_llava_o1.errors import DataError
from langchain_llava_o1.evaluation.benchmark import NO_RESOURCES
from langchain_llava_o1.evaluation.benchmarks.drawn import Scenes
from langchain_llava_o1.evaluation.item import DamagedItemError, Item
from langchain_llava_o1.evaluation.results.disagreements import choose_disagreements, show_items
from langchain_llava_o1.evaluation.results.measured_run import MeasuredRun, measure_run
from langchain_llava_o1.evaluation.results.run_folder import read_runs
from tests.evaluation.results.folders import Answers, write_answers, write_records
from tests.report.searched import knocked_out

ANSWERS: Answers = {
    ("greedy", 1): [1.0, 1.0, 1.0, 0.0, 0.0],
    ("stage-beam", 2): [1.0, 0.0, 0.0, 1.0, 0.0],
    ("stage-beam", 4): [1.0, 0.0, 0.5, 1.0, 1.0],
    ("random", 1): [0.0, 1.0, 1.0, 0.0, 0.0],
}


def measured(folder: Path, answers: Answers = ANSWERS, **changes: object) -> MeasuredRun:
    write_answers(folder, answers, **changes)
    return measure_run(read_runs([folder])[0], NO_RESOURCES)


def test_items_on_which_any_search_differs_are_chosen(tmp_path: Path) -> None:
    chosen = choose_disagreements([measured(tmp_path)], 40)
    # On the first one only a baseline differs.
    assert [each.number for each in chosen] == [1, 2, 3, 4]


def test_a_limit_leaves_something_of_each_direction(tmp_path: Path) -> None:
    worse = [0.0] * 20
    answers = {("greedy", 1): [*worse, 1.0], ("stage-beam", 2): [1.0] * 20 + [0.0]}
    chosen = choose_disagreements([measured(tmp_path, answers)], 2)
    assert [each.number for each in chosen] == [0, 20]


def test_a_limit_leaves_something_on_which_two_others_differ(tmp_path: Path) -> None:
    # Both beams are right where the first is wrong, but for the last two items.
    answers = {
        ("greedy", 1): [0.0] * 10,
        ("stage-beam", 2): [1.0] * 8 + [1.0, 0.0],
        ("stage-beam", 4): [1.0] * 8 + [0.0, 1.0],
    }
    run = measured(tmp_path, answers)
    chosen = choose_disagreements([run], 3)
    assert [each.number for each in chosen] == [0, 8, 9]
    shown = show_items(run, [each.number for each in chosen], key="b")
    # Each of them can be narrowed down to by what did better than the first.
    assert [item.better for item in shown] == [(1, 2), (1,), (2,)]


def test_what_the_first_has_not_answered_cannot_be_set_beside_it(tmp_path: Path) -> None:
    answers = {("greedy", 1): [1.0], ("stage-beam", 2): [1.0, 1.0], ("stage-beam", 4): [1.0, 0.0]}
    assert choose_disagreements([measured(tmp_path, answers)], 5) == []


def test_benchmarks_take_turns(tmp_path: Path) -> None:
    answers = {("greedy", 1): [0.0] * 9, ("stage-beam", 2): [1.0] * 9}
    runs = [measured(tmp_path / str(number), answers) for number in range(3)]
    assert [each.run for each in choose_disagreements(runs, 6)] == [0, 0, 1, 1, 2, 2]
    assert choose_disagreements(runs, 0) == []


def test_where_there_are_only_baselines_those_are_compared(tmp_path: Path) -> None:
    run = measured(tmp_path, {("greedy", 1): [1.0, 0.0], ("random", 1): [0.0, 0.0]})
    assert [each.number for each in choose_disagreements([run], 5)] == [0]


def test_what_every_strategy_made_of_an_item_is_shown(tmp_path: Path) -> None:
    (item,) = show_items(measured(tmp_path), [2], key="b")
    assert [answer.cell.run.label for answer in item.answers] == [
        "greedy",
        "stage-beam, N=2",
        "stage-beam, N=4",
        "random",
    ]
    assert [answer.outcome.score for answer in item.answers] == [1.0, 0.0, 0.5, 1.0]
    assert (item.better, item.worse) == ((), (1, 2))
    assert item.classes == ["kind-2", "worse-1", "worse-2"]
    assert item.question == Scenes("scenes", {"difficulty": "easy"}).read_item(2).question


def test_pictures_are_made_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    Image.effect_noise((1200, 400), 80).save(file, "PNG")
    pictures = (file.getvalue(), b"no picture")
    monkeypatch.setattr(Scenes, "read_item", lambda self, number: Item("7", pictures, "What?", "count"))
    (item,) = show_items(measured(tmp_path), [1], key="b")
    readable, unreadable = item.pictures
    assert readable.data_url
    kind, data = readable.data_url.split(",")
    assert kind == "data:image/jpeg;base64"
    assert max(Image.open(io.BytesIO(b64decode(data))).size) == 320
    assert unreadable.data_url is None
    assert unreadable.problem


def test_searches_are_drawn_from_their_records(tmp_path: Path) -> None:
    run = measured(tmp_path)
    result = knocked_out(candidates=2)
    write_records(tmp_path / "scenes", "stage-beam-2", {1: result, 3: result})
    write_records(tmp_path / "scenes", "greedy-1", {1: result})
    one, other = show_items(run, [1, 2], key="b")
    # Of a greedy pass there is nothing to draw.
    assert [answer.search is not None for answer in one.answers] == [False, True, False, False]
    assert one.answers[1].search
    assert result.answer in one.answers[1].search
    assert all(answer.search is None for answer in other.answers)


def test_records_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    run = measured(tmp_path)
    path = write_records(tmp_path / "scenes", "stage-beam-2", {1: knocked_out(candidates=2)})
    # Killed within a line, then gone on in the same one.
    path.write_text(
        '{"number": 1, "result": {"ques{"number": 2}\n{"number": 1, "result": {}}\n' + path.read_text()
    )
    (item,) = show_items(run, [1], key="b")
    assert item.answers[1].search


@pytest.mark.parametrize("error", [DamagedItemError("row 7 is damaged"), DataError("row 7 is damaged")])
def test_an_item_that_cannot_be_read_again_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(self: Scenes, number: int) -> Item:
        raise error

    monkeypatch.setattr(Scenes, "read_item", fail)
    (item,) = show_items(measured(tmp_path), [1], key="b")
    assert item.question == ""
    assert [picture.problem for picture in item.pictures] == ["row 7 is damaged"]


def test_without_the_benchmark_the_record_has_the_question(tmp_path: Path) -> None:
    run = measured(tmp_path, benchmark="of-another-version")
    result = knocked_out(candidates=2)
    write_records(tmp_path / "of-another-version", "stage-beam-2", {1: result})
    one, other = show_items(run, [1, 2], key="b")
    assert (one.question, other.question) == (result.question, "")
    assert one.pictures[0].data_url is None
