"""Questions of expert iteration: new in each round, and none that is measured with."""

from pathlib import Path

from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.items import EVALUATION_SEED, make_puzzle
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
