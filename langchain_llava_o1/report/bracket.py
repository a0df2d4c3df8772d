"""A knock-out as a tree to draw: which match feeds which, and the rows that each one stands in.

Every round is drawn at random from those who are left, so the order of a record's matches tells nothing about
where they stand. Ordered from the last round backwards, no two lines cross.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from langchain_llava_o1.search.records import MatchRecord


@dataclass(frozen=True)
class Place:
    """A match, or the place of an entrant that has none in its round.

    Attributes:
        entrants: Indices of the two that meet, the upper one first; of one where there is no match.
        match: The match; None where the entrant has a bye, or waits for a match that is still played.
        row: First row of the drawing that it spans, from 0.
        num_rows: How many rows it spans; it stands in their middle.
    """

    entrants: tuple[int, ...]
    match: MatchRecord | None
    row: int
    num_rows: int

    @property
    def winner(self) -> int:
        """Index of the entrant that goes on."""
        return self.entrants[0] if self.match is None else self.match["winner"]

    @property
    def middle(self) -> float:
        """Where it stands, in rows from the top."""
        return self.row + self.num_rows / 2


@dataclass(frozen=True)
class Line:
    """A line from a place to the one in the next round that its winner goes on to.

    Attributes:
        start: Middle of the former, in rows from the top.
        end: Middle of the latter.
        entrant: Index of who goes on.
    """

    start: float
    end: float
    entrant: int


@dataclass(frozen=True)
class BracketRound:
    """One round.

    Attributes:
        number: Round number, from 1.
        places: From top to bottom.
        lines: To the places of the next round; none from the last one.
        is_open: Whether matches of it are still played.
    """

    number: int
    places: tuple[Place, ...]
    lines: tuple[Line, ...]
    is_open: bool


@dataclass(frozen=True)
class Bracket:
    """A knock-out as it is drawn.

    Attributes:
        rounds: From the first to the last.
        num_rows: Height of the drawing.
    """

    rounds: tuple[BracketRound, ...]
    num_rows: int

    @property
    def left(self) -> tuple[int, ...]:
        """Indices of those who have not lost."""
        return tuple(place.winner for place in self.rounds[-1].places)


def lay_out_bracket(
    entrants: Sequence[int], matches: Sequence[MatchRecord], *, open_round: int | None = None
) -> Bracket | None:
    """Lay out a knock-out, as far as it was played.

    Args:
        entrants: Indices of all candidates.
        matches: The matches played, in any order.
        open_round: Number of the round whose matches are still played; None if none are.

    Returns:
        The drawing; None where no round was begun.
    """
    num_rounds = max([match["round"] for match in matches] + [open_round or 0])
    if not num_rounds:
        return None
    rounds = _order(_play(entrants, matches, num_rounds))
    placed = [_place(rounds[0], {})]
    for places in rounds[1:]:
        placed.append(_place(places, {place.winner: place for place in placed[-1]}))
    return Bracket(
        tuple(
            BracketRound(
                number,
                places,
                _lines(places, placed[number]) if number < num_rounds else (),
                is_open=number == open_round,
            )
            for number, places in enumerate(placed, start=1)
        ),
        num_rows=len(rounds[0]),
    )


def _play(entrants: Sequence[int], matches: Sequence[MatchRecord], num_rounds: int) -> list[list[Place]]:
    """Return who meets in each round, in no order, the rows not yet known."""
    rounds = []
    left = list(entrants)
    for number in range(1, num_rounds + 1):
        places = [
            Place((match["first"], match["second"]), match, row=0, num_rows=1)
            for match in matches
            if match["round"] == number
        ]
        busy = {entrant for place in places for entrant in place.entrants}
        places += [Place((entrant,), None, row=0, num_rows=1) for entrant in left if entrant not in busy]
        rounds.append(places)
        left = [place.winner for place in places]
    return rounds


def _order(rounds: Sequence[Sequence[Place]]) -> list[list[Place]]:
    """Put those who go on into the order in which the next round has them."""
    ordered = [list(rounds[-1])]
    for places in reversed(rounds[:-1]):
        by_winner = {place.winner: place for place in places}
        ordered.insert(0, [by_winner[entrant] for place in ordered[0] for entrant in place.entrants])
    return ordered


def _place(places: Sequence[Place], before: Mapping[int, Place]) -> tuple[Place, ...]:
    """Give each place a row of its own in the first round, and later the rows of those that feed it."""
    placed = []
    for row, place in enumerate(places):
        if before:
            feeding = [before[entrant] for entrant in place.entrants]
            num_rows = sum(each.num_rows for each in feeding)
            placed.append(replace(place, row=feeding[0].row, num_rows=num_rows))
        else:
            placed.append(replace(place, row=row))
    return tuple(placed)


def _lines(places: Sequence[Place], following: Sequence[Place]) -> tuple[Line, ...]:
    end = {entrant: place.middle for place in following for entrant in place.entrants}
    return tuple(Line(place.middle, end[place.winner], place.winner) for place in places)
