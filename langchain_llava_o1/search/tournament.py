"""Knock-out brackets drawn from a seed: pure functions, no state between the rounds.

N entrants play N - 1 matches: a match removes one entrant, and one remains.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from langchain_llava_o1.search.seeds import derive_seed


class Match(NamedTuple):
    """Two entrants that meet, in the order they are shown to the judge."""

    round: int
    first: int
    second: int


@dataclass(frozen=True)
class Round:
    """The matches that can be played at once, and who goes on without one.

    Attributes:
        number: Round number, from 1.
        matches: The pairs, drawn at random.
        bye: The entrant left over when their number is odd.
    """

    number: int
    matches: tuple[Match, ...]
    bye: int | None


@dataclass(frozen=True)
class Standing:
    """Where a tournament stands: exactly one of the two is set.

    Attributes:
        next_round: The round to play next.
        champion: The entrant that won all.
    """

    next_round: Round | None
    champion: int | None


def draw_round(entrants: Iterable[int], number: int, seed: int) -> Round:
    """Pair the entrants of round ``number`` at random; who is left over has a bye.

    The shuffle also decides who of a pair is shown first, so that a judge's leaning towards a
    position favours nobody.
    """
    order = sorted(entrants)
    random.Random(derive_seed(seed, "round", number)).shuffle(order)
    matches = tuple(Match(number, *order[i : i + 2]) for i in range(0, len(order) - 1, 2))
    return Round(number, matches, bye=order[-1] if len(order) % 2 else None)


def standing(num_entrants: int, seed: int, winners: Mapping[Match, int]) -> Standing:
    """Replay a tournament as far as its matches were decided.

    Args:
        num_entrants: N, at least 1; entrants are the numbers from 0.
        seed: What the bracket is drawn from.
        winners: Winner of each match played so far; a round counts once all of it was played.
    """
    if num_entrants < 1:
        raise ValueError(f"A tournament needs at least 1 entrant, got {num_entrants}.")
    entrants = list(range(num_entrants))
    number = 1
    while len(entrants) > 1:
        drawn = draw_round(entrants, number, seed)
        if any(match not in winners for match in drawn.matches):
            return Standing(next_round=drawn, champion=None)
        entrants = [winners[match] for match in drawn.matches]
        if drawn.bye is not None:
            entrants.append(drawn.bye)
        number += 1
    return Standing(next_round=None, champion=entrants[0])


def flip_coin(match: Match, seed: int) -> int:
    """Pick a winner by chance, each entrant with probability one half, the same for the same seed."""
    return random.Random(derive_seed(seed, "coin", *match)).choice((match.first, match.second))
