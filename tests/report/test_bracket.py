"""Where the matches of a knock-out stand in its drawing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.report.bracket import lay_out_bracket
from tests.report.searched import match, play


@given(st.integers(2, 64), st.integers(1, 4), st.integers(0, 100))
def test_every_place_stands_between_those_it_is_fed_by_and_no_lines_cross(
    num_entrants: int, num_kept: int, seed: int
) -> None:
    matches = play(num_entrants, num_kept=min(num_kept, num_entrants - 1), seed=seed)
    bracket = lay_out_bracket(range(num_entrants), matches)
    assert bracket is not None

    assert [place.match for drawn in bracket.rounds for place in drawn.places if place.match] != []
    assert sum(place.match is not None for drawn in bracket.rounds for place in drawn.places) == len(matches)
    for drawn in bracket.rounds:
        # The places of a round fill its column from top to bottom, none above another.
        ends = [place.row + place.num_rows for place in drawn.places]
        assert [place.row for place in drawn.places] == [0, *ends[:-1]]
        assert ends[-1] == bracket.num_rows
        # Lines that leave from further below end further below, or at the same place.
        assert [line.end for line in drawn.lines] == sorted(line.end for line in drawn.lines)
    for drawn, following in zip(bracket.rounds, bracket.rounds[1:], strict=False):
        ends_by_entrant = {entrant: place.middle for place in following.places for entrant in place.entrants}
        assert {line.entrant: line.end for line in drawn.lines} == ends_by_entrant


def test_the_one_shown_first_stands_above_the_other_and_keeps_its_match() -> None:
    matches = [match(1, 2, 0, 2), match(1, 1, 3, 3), match(2, 3, 2, 2)]
    bracket = lay_out_bracket(range(4), matches)
    assert bracket is not None
    assert [place.entrants for place in bracket.rounds[0].places] == [(1, 3), (2, 0)]
    assert [place.match for place in bracket.rounds[0].places] == [matches[1], matches[0]]
    assert [place.winner for place in bracket.rounds[1].places] == [2]


def test_who_has_no_match_in_a_round_has_a_place_of_its_own() -> None:
    bracket = lay_out_bracket(range(3), [match(1, 2, 0, 2), match(2, 1, 2, 2)])
    assert bracket is not None
    assert [(place.entrants, place.match is None) for place in bracket.rounds[0].places] == [
        ((1,), True),
        ((2, 0), False),
    ]


def test_a_knock_out_that_a_limit_ended_leaves_several() -> None:
    bracket = lay_out_bracket(range(4), [match(1, 2, 0, 2), match(1, 1, 3, 3)])
    assert bracket is not None
    assert set(bracket.left) == {2, 3}


def test_those_who_still_play_are_no_byes() -> None:
    bracket = lay_out_bracket(range(4), [match(1, 2, 0, 2)], open_round=1)
    assert bracket is not None
    assert [place.entrants for place in bracket.rounds[0].places] == [(2, 0), (1,), (3,)]
    assert bracket.rounds[0].is_open


def test_a_round_that_has_just_begun_is_drawn() -> None:
    bracket = lay_out_bracket(range(2), [], open_round=1)
    assert bracket is not None
    assert len(bracket.rounds[0].places) == 2


@pytest.mark.parametrize("num_entrants", [1, 5])
def test_without_a_match_there_is_no_bracket(num_entrants: int) -> None:
    assert lay_out_bracket(range(num_entrants), []) is None
