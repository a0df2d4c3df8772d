"""Questions of expert iteration: new in each round, and none that is measured with."""

import json
import sys
from pathlib import Path

import pytest

from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.items import EVALUATION_SEED, make_puzzle
from recipes.expert_iteration import __main__ as recipe
from recipes.expert_iteration.__main__ import write_questions


def test_half_of_the_questions_are_puzzles_and_no_round_repeats_one(tmp_path: Path) -> None:
    ids: set[int] = set()
    for first in (1_000_000, 2_000_000):
        questions = list(open_training_set(write_questions(tmp_path / str(first), first, 12)))
        asked = {int(question.id.rpartition("-")[2]): question.questions[0] for question in questions}
        seeds = set(asked)
        assert len(seeds) == 12
        puzzles = [seed for seed in seeds if make_puzzle(seed, Difficulty.HARD).prompt == asked[seed]]
        assert len(puzzles) == 6
        assert all(first <= seed < EVALUATION_SEED for seed in seeds)
        assert not ids & seeds
        ids |= seeds


@pytest.mark.long
def test_a_round_searches_learns_and_measures_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ["--rounds", "1", "--questions", "6", "--pairs", "1", "--items", "2"]
    monkeypatch.setattr(sys, "argv", ["expert_iteration", "--out", str(tmp_path), *sizes])
    recipe.main()
    printed = capsys.readouterr().out
    assert [line.split(" | ")[0] for line in printed.splitlines()[-2:]] == ["| 0", "| 1"]
    pairs = (tmp_path / "round-1" / "pairs.jsonl").read_text().splitlines()
    assert f"round-1: {len(pairs)} pairs of 6 questions" in printed
    assert {"chosen", "rejected"} <= json.loads(pairs[0]).keys()
    weights = tmp_path / "round-1" / "model" / "model.safetensors"
    trained_at = weights.stat().st_mtime_ns
    assert (tmp_path / "expert-iteration.svg").exists()
    # What is done is not done again.
    recipe.main()
    assert weights.stat().st_mtime_ns == trained_at
