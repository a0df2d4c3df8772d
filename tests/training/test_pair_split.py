"""Held-out pairs ask about nothing that is learned."""

import pytest

from langchain_llava_o1.data.problem import Location
from langchain_llava_o1.errors import DataError
from langchain_llava_o1.training.pair_split import split_pairs
from langchain_llava_o1.training.pairs import Pair

LOCATION = Location("pairs.jsonl", 1)


def pair(question: str, picture: str, number: int) -> Pair:
    return Pair((picture,), (("user", (None, question)),), f"good {number}", f"bad {number}", LOCATION)


def test_a_question_is_held_out_with_all_its_pairs() -> None:
    """Also where two questions differ in their picture alone."""
    questions = [("Which?", "a.png"), ("Which?", "b.png"), ("How many?", "a.png"), ("How many?", "b.png")]
    pairs = [pair(*question, number) for number in range(5) for question in questions]
    for seed in range(10):
        parts = split_pairs(pairs, 2, seed)
        assert parts == split_pairs(pairs, 2, seed)
        assert (len(parts.learned), len(parts.held_out)) == (10, 10)
        learned, held_out = ({(each.turns, each.pictures) for each in part} for part in parts)
        assert not learned & held_out
    assert len({str(split_pairs(pairs, 2, seed).held_out) for seed in range(10)}) > 1


def test_one_question_is_not_divided() -> None:
    pairs = [pair("Which?", "a.png", number) for number in range(5)]
    with pytest.raises(DataError, match="Of 1 questions, with 5 pairs in all, 1 were to be held out"):
        split_pairs(pairs, 1, 0)
    assert split_pairs(pairs, 0, 0) == (pairs, [])
