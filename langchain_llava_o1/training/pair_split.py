"""Pairs to learn from, and pairs to measure with, which ask about other things."""

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from langchain_llava_o1.errors import DataError
from langchain_llava_o1.training.pairs import Pair


class PairSplit(NamedTuple):
    """A file of pairs divided in two, with no question on both sides.

    Attributes:
        learned: Pairs to learn from.
        held_out: Pairs to measure with.
    """

    learned: Sequence[Pair]
    held_out: Sequence[Pair]


def split_pairs(pairs: Sequence[Pair], num_held_out: int, seed: int) -> PairSplit:
    """Hold questions back with all of their pairs, the same ones for the same seed.

    What a search chose at each stage of one question makes many pairs, which tell of each other.

    Args:
        pairs: All of them.
        num_held_out: How many questions are held back; the same prompt about the same pictures is the same
            question.
        seed: Of the draw.

    Raises:
        DataError: If none would be left to learn from.
    """
    by_question = defaultdict(list)
    for pair in pairs:
        by_question[pair.turns, pair.pictures].append(pair)
    if num_held_out >= len(by_question):
        raise DataError(
            f"Of {len(by_question)} questions, with {len(pairs)} pairs in all, {num_held_out} were to be "
            "held out, which leaves none to learn from. Hold out fewer."
        )
    drawn = set(random.Random(f"held out {seed}").sample(list(by_question), num_held_out))
    return PairSplit(
        [pair for question, group in by_question.items() if question not in drawn for pair in group],
        [pair for question, group in by_question.items() if question in drawn for pair in group],
    )
