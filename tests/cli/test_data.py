"""`llava-o1 data`: what the commands write, and the exit codes they leave."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.data.sets import conversation, in_base64, write_benchmark, write_pictures, write_set

RunCommand = Callable[..., Result]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_pictures(tmp_path, "red", "teal")
    return write_set(
        tmp_path / "train.jsonl",
        conversation("a", image="red.png"),
        "{",
        conversation("b", image="teal.png", question="Which?", answer="Seven"),
    )


def told(result: Result) -> str:
    return " ".join(result.stderr.replace("│", " ").split())


def test_check_tells_problems_with_file_and_line(run_command: RunCommand, path: Path) -> None:
    result = run_command("data", "check", path)
    assert result.exit_code == 0
    assert f"{path}: 3 lines, 2 examples" in result.stdout
    assert f"{path}:2: no JSON" in result.stdout
    assert f"{path}:3: conversations[1].value: the answer has no stages" in result.stdout
    assert run_command("data", "check", path, "--strict").exit_code == 1


def test_check_writes_one_object_for_programs(run_command: RunCommand, path: Path) -> None:
    report = json.loads(run_command("data", "check", path, "--json", "--characters").stdout)
    assert report["num_problems"] == {"broken line": 1, "no stages": 1}
    assert [(each["file"], each["line"]) for each in report["problems"]] == [(str(path), 2), (str(path), 3)]
    assert report["summary"]["lengths"]["unit"] == "characters"


def test_pictures_and_columns_are_where_the_options_say(
    run_command: RunCommand, tmp_path: Path, path: Path
) -> None:
    table = tmp_path / "tables" / "table.csv"
    table.parent.mkdir()
    table.write_text("prompt,answer,image\nQ,A,red.png\n")
    options = ("--column", "question=prompt", "--json", "--characters")
    missing = json.loads(run_command("data", "check", table, *options).stdout)
    there = json.loads(run_command("data", "check", table, *options, "--pictures", tmp_path).stdout)
    assert "missing picture" in missing["num_problems"]
    assert "missing picture" not in there["num_problems"]


@pytest.fixture
def benchmarks(tmp_path: Path) -> list[Path]:
    item = {"index": "7", "image": in_base64("red"), "question": "Is it?", "answer": "A"}
    other = {"index": "8", "image": in_base64("blue"), "question": "Was it?", "answer": "A"}
    return [write_benchmark(tmp_path / "Found.tsv", item), write_benchmark(tmp_path / "Clean.tsv", other)]


def test_overlap_leaves_exit_code_1_when_something_is_found(
    run_command: RunCommand, path: Path, benchmarks: list[Path]
) -> None:
    found = run_command("data", "overlap", path, *benchmarks)
    assert found.exit_code == 1
    assert f"{path}:1: a has the picture of {benchmarks[0]}: 7" in found.stdout
    report = json.loads(run_command("data", "overlap", path, *benchmarks, "--json").stdout)
    assert [each["num_examples"] for each in report["benchmarks"]] == [1, 0]
    assert run_command("data", "overlap", path, benchmarks[1]).exit_code == 0
    assert run_command("data", "overlap", path, benchmarks[0], "--by", "question").exit_code == 0


def test_benchmarks_are_compared_with_each_other(run_command: RunCommand, benchmarks: list[Path]) -> None:
    assert run_command("data", "overlap", *benchmarks).exit_code == 0
    assert run_command("data", "overlap", benchmarks[0], benchmarks[0]).exit_code == 1


def test_the_fix_that_is_told_of_a_benchmark_is_one_that_the_command_has(
    run_command: RunCommand, path: Path, benchmarks: list[Path]
) -> None:
    asked = ("--size", "1", "--out", path.parent / "mix")
    mixed = told(run_command("data", "mix", f"{benchmarks[0]}=1", *asked))
    assert "is a benchmark" in mixed
    assert "Use another set." in mixed
    assert "allow" not in mixed
    assert "--allow-benchmark" in told(run_command("data", "check", benchmarks[0]))
    assert run_command("data", "check", benchmarks[0], "--allow-benchmark").exit_code == 0


def test_show_writes_a_page(run_command: RunCommand, path: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    result = run_command("data", "show", path, "--out", page, "--sample", "1", "--seed", "3")
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"warning: {path}:2: no JSON in UTF-8" in result.stderr
    assert "warning: 1 lines were left out" in result.stderr
    first = page.read_text(encoding="utf-8")
    assert first.count("<article") == 1
    run_command("data", "show", path, "--out", page, "--sample", "1", "--seed", "3")
    assert page.read_text(encoding="utf-8") == first


def test_mix_writes_a_set_that_can_be_checked(run_command: RunCommand, path: Path, tmp_path: Path) -> None:
    other = write_set(tmp_path / "other" / "words.jsonl", conversation(), conversation("b"))
    folder = tmp_path / "mix"
    result = run_command("data", "mix", f"{path}=1", f"{other}=3", "--size", "2", "--out", folder)
    assert result.exit_code == 0
    assert f"warning: {path}:2: no JSON in UTF-8" in result.stderr
    assert "warning: 1 lines were left out" in result.stderr
    assert f"{folder / 'train.jsonl'}: 2 examples" in result.stdout
    assert f"{other}=3" in (folder / "README.md").read_text(encoding="utf-8")
    assert run_command("data", "check", folder).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("check", "nowhere.jsonl"), "There is no data set at nowhere.jsonl"),
        (("check", "Found.tsv"), "is a benchmark"),
        (("check", "train.jsonl", "--pictures", "nowhere"), "There are no pictures at nowhere"),
        (("check", "train.jsonl", "--column", "prompt"), "names no column"),
        (("overlap", "train.jsonl", "nowhere.tsv"), "There is no data set at nowhere.tsv"),
        (("overlap", "train.jsonl"), "BENCHMARK"),
        (("show", "train.jsonl", "--out", "nowhere/page.html"), "there is no folder"),
        (("mix", "train.jsonl", "--size", "1", "--out", "mix"), "is no set with its share"),
        (("mix", "train.jsonl=-1", "--size", "1", "--out", "mix"), "is no set with its share"),
        (
            ("mix", "train.jsonl=1", "--size", "9", "--out", "mix"),
            "has 2 examples that can be used (its other lines: 1 without an example), and its share of 9 is",
        ),
        (("mix", "Found.tsv=1", "--size", "1", "--out", "mix"), "is a benchmark"),
    ],
)
def test_what_cannot_work_is_bad_usage(
    run_command: RunCommand,
    path: Path,
    benchmarks: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(path.parent)
    result = run_command("data", *arguments, env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert message in told(result)


def test_a_model_without_tokenizer_is_told(run_command: RunCommand, path: Path, tmp_path: Path) -> None:
    result = run_command("data", "check", path, "--model", tmp_path)
    assert result.exit_code == 1
    assert "no tokenizer that can be read" in result.stderr
