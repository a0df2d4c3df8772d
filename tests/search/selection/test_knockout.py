import random

import pytest

from langchain_llava_o1.judges.function import FunctionJudge
from langchain_llava_o1.search.selection.knockout import Knockout
from langchain_llava_o1.search.selection.tournament import Match, standing
from langchain_llava_o1.search.step_state import StepState
from tests.report.searched import candidate, match

KNOCKOUT = Knockout(FunctionJudge(lambda pair: 1))


def played(num_candidates: int, num_kept: int, seed: int) -> StepState:
    """A step whose knock-out is over; about half of the candidates were cut off, and lose to whole ones."""
    rng = random.Random(seed)
    is_complete = [rng.random() < 0.5 for _ in range(num_candidates)]
    winners: dict[Match, int] = {}
    while drawn := standing(num_candidates, seed, winners, num_kept=num_kept).next_round:
        for pair in drawn.matches:
            pair_of = (pair.first, pair.second)
            winners[pair] = max(pair_of, key=lambda index: (is_complete[index], rng.random()))
    return StepState(
        num_candidates=num_candidates,
        num_kept=num_kept,
        seed=seed,
        candidates=[candidate(index, is_complete=whole) for index, whole in enumerate(is_complete)],
        matches=[match(pair.round, pair.first, pair.second, winner) for pair, winner in winners.items()],
        scores=None,
        calls=[],
        kept=[],
        limit=None,
    )


@pytest.mark.parametrize("num_kept", [2, 3])
def test_those_that_are_kept_begin_with_a_complete_one(num_kept: int) -> None:
    num_mixed = 0
    for seed in range(40):
        state = played(num_kept + 2, num_kept, seed)
        states = [state["candidates"][index]["is_complete"] for index in KNOCKOUT.keep(state)]
        assert len(states) == num_kept
        assert states == sorted(states, reverse=True)
        num_mixed += len(set(states)) > 1
    # Else nothing of this was tested.
    assert num_mixed > 10


def test_of_complete_ones_the_first_won_the_most_matches() -> None:
    for seed in range(40):
        state = played(9, 3, seed)
        kept = [index for index in KNOCKOUT.keep(state) if state["candidates"][index]["is_complete"]]
        wins = [sum(each["winner"] == index for each in state["matches"]) for index in kept]
        assert wins == sorted(wins, reverse=True)
