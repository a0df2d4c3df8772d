"""Knock-out brackets drawn from a seed: pure functions, no state between the rounds.

A match removes one entrant: N entrants play N - K matches until K are left, N - 1 until one is.
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
        byes: The entrants that are left over: one when their number is odd, more in a last round that is to
            leave several.
    """

    number: int
    matches: tuple[Match, ...]
    byes: tuple[int, ...]


@dataclass(frozen=True)
class Standing:
    """Where a tournament stands.

    Attributes:
        left: Who has not lost yet.
        next_round: The round to play next, None once it is over.
    """

    left: tuple[int, ...]
    next_round: Round | None


def draw_round(entrants: Iterable[int], number: int, seed: int, *, num_kept: int = 1) -> Round:
    """Pair the entrants of round ``number`` at random; who is left over has a bye.

    The shuffle also decides who of a pair is shown first, so that a judge's leaning towards a
    position favours nobody.
    """
    order = sorted(entrants)
    random.Random(derive_seed(seed, "round", number)).shuffle(order)
    num_matches = min(len(order) // 2, len(order) - num_kept)
    matches = tuple(Match(number, *order[2 * i : 2 * i + 2]) for i in range(num_matches))
    return Round(number, matches, byes=tuple(order[2 * num_matches :]))


def standing(num_entrants: int, seed: int, winners: Mapping[Match, int], *, num_kept: int = 1) -> Standing:
    """Replay a tournament as far as its matches were decided.

    Args:
        num_entrants: N, at least 1; entrants are the numbers from 0.
        seed: What the bracket is drawn from.
        winners: Winner of each match played so far; a round counts once all of it was played.
        num_kept: K, how many are to be left.
    """
    if num_entrants < 1 or num_kept < 1:
        raise ValueError(
            f"A tournament needs at least 1 entrant and keeps at least 1, got {num_entrants} and {num_kept}."
        )
    entrants = list(range(num_entrants))
    number = 1
    while len(entrants) > num_kept:
        drawn = draw_round(entrants, number, seed, num_kept=num_kept)
        if any(match not in winners for match in drawn.matches):
            return Standing(tuple(entrants), drawn)
        entrants = [*(winners[match] for match in drawn.matches), *drawn.byes]
        number += 1
    return Standing(tuple(entrants), None)


def flip_coin(match: Match, seed: int) -> int:
    """Pick a winner by chance, each entrant with probability one half, the same for the same seed."""
    return random.Random(derive_seed(seed, "coin", *match)).choice((match.first, match.second))
