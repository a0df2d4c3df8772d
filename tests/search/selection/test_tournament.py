from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.search.selection.tournament import Match, Round, draw_round, flip_coin, standing

SEEDS = st.integers(0, 2**53)


def play(num_entrants: int, seed: int, *, wins: int = 0) -> tuple[list[Round], dict[Match, int], int]:
    """Play a tournament to its end; the entrant shown at position ``wins`` of each pair wins."""
    rounds: list[Round] = []
    winners: dict[Match, int] = {}
    while (now := standing(num_entrants, seed, winners)).next_round is not None:
        rounds.append(now.next_round)
        for match in now.next_round.matches:
            winners[match] = (match.first, match.second)[wins]
    (champion,) = now.left
    return rounds, winners, champion


@given(st.integers(1, 64), SEEDS, st.integers(0, 1))
def test_every_entrant_but_the_champion_loses_exactly_once(num_entrants: int, seed: int, wins: int) -> None:
    _, winners, champion = play(num_entrants, seed, wins=wins)
    losses = Counter(match.first + match.second - winner for match, winner in winners.items())
    assert len(winners) == num_entrants - 1
    assert losses == {entrant: 1 for entrant in range(num_entrants) if entrant != champion}


@given(st.integers(1, 64), SEEDS)
def test_a_round_pairs_all_who_are_left_and_gives_at_most_one_bye(num_entrants: int, seed: int) -> None:
    rounds, winners, _ = play(num_entrants, seed)
    left = set(range(num_entrants))
    for number, drawn in enumerate(rounds, start=1):
        paired = [entrant for match in drawn.matches for entrant in (match.first, match.second)]
        byes = list(drawn.byes)
        assert len(byes) < 2
        assert sorted(paired + byes) == sorted(left)
        assert all(match.round == drawn.number == number for match in drawn.matches)
        left = {winners[match] for match in drawn.matches} | set(byes)
    assert len(rounds) == (num_entrants - 1).bit_length()


@given(st.integers(1, 20), st.integers(1, 20), SEEDS)
def test_several_may_be_left(num_entrants: int, num_kept: int, seed: int) -> None:
    winners: dict[Match, int] = {}
    while (now := standing(num_entrants, seed, winners, num_kept=num_kept)).next_round is not None:
        assert now.next_round.matches
        winners |= {match: match.first for match in now.next_round.matches}
    losers = {match.second for match in winners}
    assert sorted(now.left) == sorted(set(range(num_entrants)) - losers)
    assert len(now.left) == min(num_entrants, num_kept)
    assert len(winners) == max(0, num_entrants - num_kept)


@given(st.integers(2, 64), SEEDS)
def test_a_round_is_not_over_before_its_last_match(num_entrants: int, seed: int) -> None:
    drawn = standing(num_entrants, seed, {}).next_round
    assert drawn is not None
    played = {match: match.first for match in drawn.matches[1:]}
    assert standing(num_entrants, seed, played).next_round == drawn


@given(st.permutations(range(9)), SEEDS)
def test_the_draw_does_not_depend_on_the_order_entrants_come_in(entrants: list[int], seed: int) -> None:
    assert draw_round(entrants, 2, seed) == draw_round(range(9), 2, seed)


def test_seeds_and_rounds_draw_differently() -> None:
    draws = {draw_round(range(8), number, seed) for number in (1, 2) for seed in range(20)}
    assert len(draws) == 40


def test_positions_and_byes_are_spread_evenly() -> None:
    draws = [draw_round(range(3), 1, seed) for seed in range(3000)]
    shown_first = Counter(drawn.matches[0].first for drawn in draws)
    byes = Counter(drawn.byes for drawn in draws)
    assert all(900 < count < 1100 for count in (*shown_first.values(), *byes.values()))


def test_the_coin_is_fair_and_the_same_for_the_same_seed() -> None:
    match = Match(1, 5, 2)
    flips = Counter(flip_coin(match, seed) for seed in range(2000))
    assert set(flips) == {5, 2}
    assert 900 < flips[5] < 1100
    assert flip_coin(match, 7) == flip_coin(match, 7)


@pytest.mark.parametrize("num_entrants", [0, -1])
def test_nobody_cannot_play(num_entrants: int) -> None:
    with pytest.raises(ValueError, match=f"at least 1 entrant and keeps at least 1, got {num_entrants}"):
        standing(num_entrants, 0, {})
