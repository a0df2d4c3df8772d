"""`llava-o1 data preference-pairs`: pairs of answers, and of what a search chose at its stages."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.canvas import as_png
from langchain_llava_o1.drawn.items import make_item
from tests.data.annotation.teaching import TeacherServer, read_json_lines, write_questions
from tests.data.sets import staged, write_set

RunCommand = Callable[..., Result]


def test_pairs_of_answers_are_written(
    run_command: RunCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    replies = iter([staged(conclusion="7"), "no stages", staged(conclusion="8"), staged(conclusion="7")])
    questions, out = write_questions(tmp_path, "7"), tmp_path / "pairs.jsonl"
    with TeacherServer(lambda prompt: next(replies)).serving() as server:
        asked = ("--model", "openai:scripted", "--base-url", server.address, "--answers", "4", "--out", out)
        result = run_command("data", "preference-pairs", questions, *asked)
    assert result.exit_code == 0, result.stderr
    assert f"{out}: 1 pairs of 1/1 questions; 4 calls" in result.stdout
    (pair,) = read_json_lines(out)
    assert pair["chosen"][0]["content"][0]["text"] == staged(conclusion="7")
    assert pair["rejected"][0]["content"][0]["text"] == staged(conclusion="8")


def test_lines_that_are_no_pairs_are_told_before_training(run_command: RunCommand, tmp_path: Path) -> None:
    """Also those of which the first ones are not told, and one that is nested without end."""
    pairs = write_set(tmp_path / "pairs.jsonl", "[" * 100_000, *['{"prompt": []}'] * 22, "[]")
    result = run_command("train", "--dpo", pairs, "--model", "tiny", "--out", tmp_path / "run", "--cpu")
    assert result.exit_code == 1
    assert f"{pairs}:1: no JSON in UTF-8 (maximum recursion depth exceeded" in result.stderr
    assert f"{pairs}:2: the prompt does not end in a question" in result.stderr
    assert "4 further problems (broken pair 3, broken line 1); correct the first ones" in result.stderr
    assert "24 lines were left out" in result.stderr
    assert "data check" not in result.stderr
    assert "no pair of answers to learn from. Draw pairs by `llava-o1 data preference-pairs`" in result.stderr


@pytest.mark.long
def test_pairs_of_stages_are_drawn_by_a_search_and_learned(run_command: RunCommand, tmp_path: Path) -> None:
    item = make_item(0, Difficulty.HARD)
    (tmp_path / "0.png").write_bytes(as_png(item.picture))
    row = {"id": "0", "image": "0.png", "question": item.prompt, "answer": item.answer}
    questions, out = write_set(tmp_path / "questions.jsonl", row), tmp_path / "pairs.jsonl"
    asked = ("--form", "stage", "--answers", "2", "--pairs", "4", "--candidates", "2", "--out", out)
    result = run_command("data", "preference-pairs", questions, *asked)
    assert result.exit_code == 0, result.stderr
    assert len(read_json_lines(out)) >= 2
    trained = ("--dpo", out, "--model", "tiny", "--out", tmp_path / "trained", "--steps", "1", "--cpu")
    result = run_command("train", *trained)
    assert result.exit_code == 0, result.stderr
