"""`bench grade`: kept answers, graded anew."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from langchain_llava_o1.cli.app import app
from langchain_llava_o1.errors import GenerationError
from langchain_llava_o1.evaluation.item import Grade
from tests.evaluation.letters import rows_of
from tests.scripted_model import ScriptedModel


def grade(folder: Path, out: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["bench", "grade", str(folder), "--out", str(out), *options])


def rows_in(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder / "comparison.json").read_text())["rows"]
    return rows


def test_other_rules_grade_the_same_answers(
    compare: Callable[..., Any],
    letters: Any,
    model: ScriptedModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = rows_of(compare("--baselines", "--json"))
    assert first["greedy"]["accuracy"] == 1.0
    num_calls = len(model.calls)
    seen: list[str] = []

    async def only_a(self: Any, item: Any, conclusion: str) -> Grade:
        seen.append(item.id)
        if len(seen) == 5:
            raise GenerationError("The grader cannot be reached.")
        return Grade(float(conclusion == "A"), conclusion, "grader", told="Only A.")

    monkeypatch.setattr(letters, "grade", only_a)
    run, out = tmp_path / "run", tmp_path / "graded"
    before = (run / "letters" / "outcomes.jsonl").read_bytes()
    assert "cannot be reached" in grade(run, out, "--grader-compat").stderr
    done = grade(run, out, "--grader-compat")
    assert done.exit_code == 0
    assert len(model.calls) == num_calls
    assert len(seen) == 4 * 8 + 1
    by_strategy = {row["strategy"]: row for row in rows_in(out)}
    assert by_strategy.keys() == first.keys()
    # Each question has an item whose answer is not A.
    assert by_strategy["greedy"]["accuracy"] == 0.0
    assert by_strategy["greedy"]["compatible"]
    assert by_strategy["greedy"]["tokens"] == first["greedy"]["tokens"]
    # Rounded sums of the same times, in another order.
    assert by_strategy["greedy"]["seconds"] == pytest.approx(first["greedy"]["seconds"], abs=0.011)
    records = Path("letters", "records", "greedy-1.jsonl")
    assert (out / records).read_bytes() == (run / records).read_bytes()
    assert (run / "letters" / "outcomes.jsonl").read_bytes() == before
    assert done.stdout == (out / "comparison.md").read_text()
    # By yet other rules they would need yet another folder.
    assert "belongs to another comparison" in grade(run, out).stderr


@pytest.mark.usefixtures("letters", "model")
def test_the_answers_themselves_are_not_written_over(compare: Callable[..., Any], tmp_path: Path) -> None:
    compare()
    result = grade(tmp_path / "run", tmp_path / "run")
    assert result.exit_code == 2
    assert "another folder" in result.stderr
    assert grade(tmp_path / "nothing", tmp_path / "out").exit_code == 2
