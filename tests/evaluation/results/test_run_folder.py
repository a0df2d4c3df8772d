"""Reading a folder of answers."""

import json
from pathlib import Path

import pytest

from langchain_llava_o1.data.annotation.spending import Price
from langchain_llava_o1.errors import ConfigurationError, DataError
from langchain_llava_o1.evaluation.results.run_folder import read_runs
from tests.evaluation.results.folders import answer, heading, write_answers, write_lines


def test_single_passes_come_first_then_searches_by_candidates_then_baselines(tmp_path: Path) -> None:
    cells = [("random", 1), ("stage-beam", 8), ("best-of-n", 2), ("stage-beam", 2), ("greedy", 1)]
    write_answers(tmp_path, dict.fromkeys(cells, (1.0, 0.0)))
    (run,) = read_runs([tmp_path])
    labels = [cell.label for cell in run.cells]
    assert labels == ["greedy", "stage-beam, N=2", "stage-beam, N=8", "best-of-n, N=2", "random"]
    assert [cell.is_baseline for cell in run.cells] == [False, False, False, False, True]
    assert run.cells[1].seconds == 1.0
    assert run.heading.options == {"difficulty": "easy"}


def test_benchmarks_stand_in_the_order_of_the_catalogue(tmp_path: Path) -> None:
    for name in ("puzzles", "of-another-version", "scenes"):
        write_answers(tmp_path, {("greedy", 1): [1.0]}, benchmark=name)
    assert [run.heading.benchmark for run in read_runs([tmp_path])] == [
        "scenes",
        "puzzles",
        "of-another-version",
    ]


@pytest.mark.parametrize(
    ("models", "origins"),
    [(("tiny", "gpt-4o"), ("tiny", "gpt-4o")), (("tiny", "tiny"), ("one", "other"))],
)
def test_folders_stand_side_by_side(
    tmp_path: Path, models: tuple[str, str], origins: tuple[str, str]
) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder, model in zip(folders, models, strict=True):
        write_answers(folder, {("greedy", 1): [1.0], ("stage-beam", 2): [1.0]}, model=model)
    write_answers(folders[1], {("greedy", 1): [1.0]}, benchmark="puzzles", model=models[1])
    scenes, puzzles = read_runs(folders)
    assert [cell.label for cell in scenes.cells] == [
        f"{origins[0]}: greedy",
        f"{origins[1]}: greedy",
        f"{origins[0]}: stage-beam, N=2",
        f"{origins[1]}: stage-beam, N=2",
    ]
    assert [cell.heading.model for cell in scenes.cells] == [*models, *models]
    assert [cell.records_path.parents[2].name for cell in scenes.cells] == ["one", "other"] * 2
    assert [cell.label for cell in puzzles.cells] == [f"{origins[1]}: greedy"]


def test_folders_of_one_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    folders = [tmp_path / parent / "run" for parent in ("one", "other")]
    for folder in folders:
        write_answers(folder, {("greedy", 1): [1.0]})
    (run,) = read_runs(folders)
    assert [cell.label for cell in run.cells] == [f"{folder}: greedy" for folder in folders]


def test_a_folder_named_twice_is_refused(tmp_path: Path) -> None:
    write_answers(tmp_path, {("greedy", 1): [1.0]})
    with pytest.raises(ConfigurationError, match="named twice"):
        read_runs([tmp_path, tmp_path / "scenes" / ".."])


def test_what_graded_the_answers_is_read(tmp_path: Path) -> None:
    write_answers(tmp_path, {("greedy", 1): [1.0]}, grader="gpt-4o-mini", compatible=True)
    (run,) = read_runs([tmp_path])
    assert (run.heading.grader, run.heading.is_compatible) == ("gpt-4o-mini", True)


def test_an_item_answered_twice_counts_once(tmp_path: Path) -> None:
    lines = [answer("greedy", 1, 4, 0.0), answer("greedy", 1, 4, 1.0)]
    write_lines(tmp_path / "scenes" / "outcomes.jsonl", [heading(), *lines])
    (run,) = read_runs([tmp_path])
    assert [outcome.score for outcome in run.cells[0].outcomes.values()] == [1.0]


def test_what_has_only_parts_of_questions_is_left_out(tmp_path: Path) -> None:
    lines = [answer(search, 1, 4, 1.0, unit="a", unit_items=2) for search in ("greedy", "single")]
    lines.append(answer("greedy", 1, 5, 1.0, unit="a", unit_items=2))
    write_lines(tmp_path / "scenes" / "outcomes.jsonl", [heading(), *lines])
    (run,) = read_runs([tmp_path])
    assert [cell.strategy for cell in run.cells] == ["greedy"]


def test_a_line_that_was_cut_off_is_none(tmp_path: Path) -> None:
    path = write_answers(tmp_path, {("greedy", 1): [1.0, 0.0]})
    path.write_text(path.read_text() + '{"strategy": "greedy", "cand')
    (run,) = read_runs([tmp_path])
    assert list(run.cells[0].outcomes) == [0, 1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nothing", r"line 3: 'nothing' is no JSON \("),
        ("[1]", "line 3: '\\[1\\]' is no JSON object"),
        ('{"strategy": "greedy"}', "line 3: it is no answer .*candidates"),
        (json.dumps(answer("greedy", 1, 0, 1.0, is_correct=True)), "line 3: it is no answer .*is_correct"),
    ],
)
def test_a_line_that_is_no_answer_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = write_answers(tmp_path, {("greedy", 1): [1.0]})
    path.write_text(f"{path.read_text()}{line}\n")
    with pytest.raises(DataError, match=f"{path}, {message}"):
        read_runs([tmp_path])


def test_a_heading_without_its_benchmark_is_named(tmp_path: Path) -> None:
    path = tmp_path / "scenes" / "outcomes.jsonl"
    write_lines(path, [{"difficulty": "hard", "model": "tiny"}, answer("greedy", 1, 0, 1.0)])
    with pytest.raises(DataError, match="line 1: the heading lacks 'benchmark'; it has difficulty, model"):
        read_runs([tmp_path])


@pytest.mark.parametrize("content", ["", "heading", "cut"])
def test_a_folder_without_answers_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "scenes" / "outcomes.jsonl"
    write_lines(path, [heading()] if content == "heading" else [])
    if content == "cut":
        path.write_text('{"benchmark": "sce')
    with pytest.raises(ConfigurationError, match=r"holds no answers yet: .*outcomes.jsonl only begin"):
        read_runs([tmp_path])


@pytest.mark.parametrize(("name", "state"), [(".", "holds no answers"), ("missing", "is no folder")])
def test_another_folder_is_told(tmp_path: Path, name: str, state: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"{state}: there is no .*outcomes.jsonl. Name the folder"):
        read_runs([tmp_path / name])


@pytest.mark.parametrize("num_folders", [1, 3])
def test_another_number_of_prices_than_of_folders_is_refused(tmp_path: Path, num_folders: int) -> None:
    folders = [tmp_path / str(number) for number in range(num_folders)]
    for folder in folders:
        write_answers(folder, {("greedy", 1): [1.0]})
    with pytest.raises(ConfigurationError, match=f"2 prices for {num_folders} folder.*one for each folder"):
        read_runs(folders, [Price(1, 2), Price(3, 4)])
    (run,) = read_runs(folders, [Price(1, 2)])
    assert {cell.price for cell in run.cells} == {Price(1, 2)}
