"""What the tree finds is what was put in, whatever was forgotten in between."""

from collections.abc import Sequence

import torch
from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.engine.cache.prefix_tree import PrefixTree
from langchain_llava_o1.engine.cache.states import States, join_states

BYTES_PER_TOKEN = 2 * 4

texts = st.lists(st.integers(0, 2), min_size=1, max_size=8).map(tuple)


def states_of(pictures: str, tokens: Sequence[int]) -> States:
    """Give each token a state that only its own beginning beside its own pictures has."""
    numbers = [hash((pictures, tuple(tokens[: end + 1]))) % 10**6 for end in range(len(tokens))]
    keys = torch.tensor(numbers, dtype=torch.float32)[None, :, None]
    return States((torch.stack((keys, -keys)),))


def insert(tree: PrefixTree, pictures: str, tokens: Sequence[int], start: int = 0) -> None:
    tree.insert(pictures, tokens, states_of(pictures, tokens).part(start))


def check_found(tree: PrefixTree, pictures: str, tokens: Sequence[int]) -> int:
    found = tree.find(pictures, tokens)
    if found.parts:
        expected = states_of(pictures, tokens[: found.num_tokens])
        assert torch.equal(join_states(found.parts).layers[0], expected.layers[0])
    else:
        assert found.num_tokens == 0
    return found.num_tokens


@given(st.lists(st.tuples(st.sampled_from("ab"), texts), max_size=12), st.sampled_from("ab"), texts)
def test_the_longest_known_beginning_is_found(
    known: list[tuple[str, tuple[int, ...]]], pictures: str, tokens: tuple[int, ...]
) -> None:
    tree = PrefixTree(10**6)
    for beside, text in known:
        insert(tree, beside, text)

    longest = max(
        (
            length
            for beside, text in known
            if beside == pictures
            for length in range(min(len(text), len(tokens)) + 1)
            if text[:length] == tokens[:length]
        ),
        default=0,
    )
    assert check_found(tree, pictures, tokens) == longest


@given(st.lists(st.tuples(st.sampled_from("ab"), texts, st.booleans()), max_size=20), st.integers(0, 12))
def test_it_keeps_to_its_memory_and_stays_right(
    steps: list[tuple[str, tuple[int, ...], bool]], num_kept: int
) -> None:
    tree = PrefixTree(num_kept * BYTES_PER_TOKEN)
    for pictures, tokens, is_shrunk in steps:
        start = check_found(tree, pictures, tokens)
        if start < len(tokens):
            insert(tree, pictures, tokens, start)
            assert check_found(tree, pictures, tokens) == len(tokens)
        if is_shrunk:
            tree.shrink()
            assert tree.num_bytes <= num_kept * BYTES_PER_TOKEN
    # Whatever texts begin alike with is counted once. Looked for at the end: what is found counts as used.
    known = {
        (pictures, tokens[: end + 1])
        for pictures, tokens, _ in steps
        for end in range(check_found(tree, pictures, tokens))
    }
    assert tree.num_bytes == len(known) * BYTES_PER_TOKEN


def test_what_was_used_last_is_kept() -> None:
    tree = PrefixTree(8 * BYTES_PER_TOKEN)
    insert(tree, "a", (1, 1, 1))
    insert(tree, "a", (2, 2, 2))
    tree.find("a", (1, 1, 1))
    insert(tree, "a", (3, 3, 3))
    tree.shrink()

    assert [check_found(tree, "a", (first,) * 3) for first in (1, 2, 3)] == [3, 0, 3]


def test_the_same_text_beside_another_picture_is_not_found() -> None:
    tree = PrefixTree(10**6)
    insert(tree, "a", (1, 2, 3))

    assert check_found(tree, "b", (1, 2, 3)) == 0


def test_an_end_whose_beginning_was_forgotten_is_not_kept() -> None:
    tree = PrefixTree(10**6)
    insert(tree, "a", (1, 2, 3, 4), start=2)

    assert tree.num_bytes == 0
    assert check_found(tree, "a", (1, 2, 3, 4)) == 0


def test_nothing_is_left_when_cleared() -> None:
    tree = PrefixTree(10**6)
    insert(tree, "a", (1, 2, 3))
    tree.clear()

    assert tree.num_bytes == 0
    assert check_found(tree, "a", (1, 2, 3)) == 0
