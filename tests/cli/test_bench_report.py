"""`llava-o1 bench report`: what it writes and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from langchain_llava_o1.evaluation.grading.reply_cache import CachedReply, ReplyCache
from tests.evaluation.benchmark_files import mmstar_rows, write_table
from tests.evaluation.results.folders import write_answers

RunCommand = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_answers(tmp_path, {("greedy", 1): [1.0, 0.0], ("stage-beam", 2): [1.0, 1.0]})
    return tmp_path


def told(result: Result) -> str:
    return " ".join(result.stderr.replace("│", " ").split())


def test_tables_and_page_are_written_into_the_folder(run_command: RunCommand, folder: Path) -> None:
    result = run_command("bench", "report", folder)
    assert result.exit_code == 0
    assert result.stdout == (folder / "comparison.md").read_text()
    assert "| stage-beam | generative | 2 | 100.0% |" in result.stdout
    assert (folder / "comparison.csv").read_text().startswith("benchmark,")
    assert len(json.loads((folder / "comparison.json").read_text())["rows"]) == 2
    assert "stage-beam, N=2" in (folder / "report.html").read_text()


def test_the_page_goes_where_it_is_wanted(run_command: RunCommand, folder: Path) -> None:
    page = folder / "elsewhere.html"
    result = run_command("bench", "report", folder, "--out", page, "--items", "0", "--price", "1000,1000")
    assert result.exit_code == 0
    assert page.exists()
    assert not (folder / "report.html").exists()
    assert "Cost" in page.read_text()
    assert "| cost |" in result.stdout


def test_two_models_stand_side_by_side(run_command: RunCommand, folder: Path) -> None:
    write_answers(folder / "other", {("greedy", 1): [1.0, 1.0]}, model="gpt-4o")
    (folder / "both").mkdir()
    assert "--out" in told(run_command("bench", "report", folder, folder / "other"))
    page = folder / "both" / "page.html"
    result = run_command("bench", "report", folder, folder / "other", "--out", page)
    assert result.exit_code == 0
    assert "| gpt-4o: greedy | – | 1 | 100.0% |" in result.stdout
    assert "gpt-4o: greedy" in page.read_text()
    rows = json.loads((page.parent / "comparison.json").read_text())["rows"]
    assert [(row["model"], row["strategy"]) for row in rows] == [
        ("tiny", "greedy"),
        ("gpt-4o", "greedy"),
        ("tiny", "stage-beam"),
    ]
    # The second one is paired with the first, item by item.
    assert [row.get("paired", {}).get("against") for row in rows] == [None, "tiny: greedy", "tiny: greedy"]
    assert not (folder / "comparison.md").exists()


def test_each_folder_has_its_own_price(run_command: RunCommand, folder: Path) -> None:
    folders = [folder, folder / "other"]
    write_answers(folders[1], {("greedy", 1): [1.0, 1.0]}, model="gpt-4o")
    command = ("bench", "report", *folders, "--out", folder / "both.html", "--json")
    prices = ("--price", "1000,1000", "--price", "3000,3000")
    rows = json.loads(run_command(*command, *prices).stdout)["rows"]
    cost = {(row["model"], row["strategy"]): row["cost"] for row in rows}
    assert cost["gpt-4o", "greedy"] == pytest.approx(3 * cost["tiny", "greedy"])
    refused = run_command(*command, *prices, "--price", "5,5")
    assert refused.exit_code == 2
    assert "3 prices for 2 folder(s)" in told(refused)
    once = json.loads(run_command(*command, *prices[:2]).stdout)["rows"]
    assert {row["price"]["input"] for row in once} == {1000}


def test_what_graders_took_is_told(run_command: RunCommand, folder: Path) -> None:
    cache = ReplyCache(folder / "grader.jsonl")
    for key in "ab":
        cache.keep(CachedReply(key, "gpt-4o-mini", "A", input_tokens=1500, output_tokens=2))
    said = "Graders were called 2 times, read 3,000 tokens and generated 4"
    assert f"{said}." in run_command("bench", "report", folder).stdout
    result = run_command("bench", "report", folder, "--grader-price", "1000,250000")
    assert f"{said}, for 4." in result.stdout
    assert f"{said}, for 4." in (folder / "report.html").read_text()
    grading = json.loads((folder / "comparison.json").read_text())["grading"]
    assert grading == {"num_calls": 2, "input_tokens": 3000, "output_tokens": 4, "cost": 4.0}


def test_json_is_one_object(run_command: RunCommand, folder: Path) -> None:
    result = run_command("bench", "report", folder, "--json")
    assert [row["accuracy"] for row in json.loads(result.stdout)["rows"]] == [0.5, 1.0]


def test_a_benchmark_without_its_file_is_told(
    run_command: RunCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LMUData", str(tmp_path / "nothing"))
    write_answers(tmp_path, {("greedy", 1): [1.0, 0.0]}, benchmark="mmstar")
    result = run_command("bench", "report", tmp_path)
    assert result.exit_code == 0
    assert "mmstar: " in told(result)
    assert "The page has no pictures of it." in told(result)


def test_a_file_that_became_shorter_is_told(run_command: RunCommand, tmp_path: Path) -> None:
    write_table(tmp_path / "data", "MMStar", mmstar_rows()[:1])
    answers = {("greedy", 1): [1.0, 0.0], ("stage-beam", 2): [1.0, 1.0]}
    write_answers(tmp_path, answers, benchmark="mmstar", data_md5="0" * 32)
    result = run_command("bench", "report", tmp_path, "--data", tmp_path / "data")
    assert result.exit_code == 0
    assert f"with the MD5 {'0' * 32}; the file that is there has" in told(result)
    assert "The page has no pictures of it." in told(result)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--price", "cheap"), "--price"),
        (("--items", "-1"), "--items"),
        (("--out", "."), "it is a folder"),
    ],
)
def test_bad_usage_is_refused(
    run_command: RunCommand, folder: Path, options: tuple[str, ...], message: str
) -> None:
    result = run_command("bench", "report", folder, *options)
    assert result.exit_code == 2
    assert message in told(result)
    assert not (folder / "report.html").exists()
    assert not (folder / "comparison.md").exists()


def test_a_folder_without_answers_is_refused(run_command: RunCommand, tmp_path: Path) -> None:
    result = run_command("bench", "report", tmp_path)
    assert result.exit_code == 2
    assert "holds no answers" in told(result)


def test_a_damaged_line_is_named(run_command: RunCommand, folder: Path) -> None:
    path = folder / "scenes" / "outcomes.jsonl"
    path.write_text(f"{path.read_text()}nothing\n")
    result = run_command("bench", "report", folder)
    assert result.exit_code == 1
    assert "line 6: 'nothing' is no JSON" in told(result)
