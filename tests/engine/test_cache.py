from typing import Any

import torch
from transformers.cache_utils import Cache

from langchain_llava_o1.engine.cache import CachedRows, GrowingLayer, create_cache, join_rows

HEADS, SIZE = 2, 3


def states(num_rows: int, length: int, start: float) -> torch.Tensor:
    """Number the rows and columns: row 1, column 2 from ``start`` 10 holds 112."""
    numbers = start + 100 * torch.arange(num_rows)[:, None] + torch.arange(length)[None]
    return numbers[:, None, :, None].expand(-1, HEADS, -1, SIZE).clone().float()


def cache_of(tokens: torch.Tensor, positions: torch.Tensor | None = None) -> Cache:
    cache = create_cache(2)
    cache.update(tokens, -tokens, 0)
    if positions is not None:
        cache.update(positions, -positions, 1)
    return cache


def numbers(cache: Cache, layer: int) -> list[list[int]]:
    filled: Any = cache.layers[layer]
    keys, values = filled.keys, filled.values
    assert torch.equal(values, -keys)
    rows: list[list[int]] = keys[:, 0, :, 0].int().tolist()
    return rows


def test_a_layer_grows_past_its_room() -> None:
    layer = GrowingLayer()
    expected = states(2, 200, 0)
    for column in range(200):
        keys, values = layer.update(expected[:, :, column : column + 1], -expected[:, :, column : column + 1])
        assert layer.get_seq_length() == column + 1
    assert torch.equal(keys, expected)
    assert torch.equal(values, -expected)


def test_growing_one_cache_leaves_its_source_alone() -> None:
    source = cache_of(states(1, 2, 10))
    joined = join_rows([CachedRows(source, [0])], cross_layers=frozenset([1]), num_tokens=2, num_positions=0)
    joined.update(states(1, 1, 99), -states(1, 1, 99), 0)
    assert numbers(joined, 0) == [[10, 11, 99]]
    assert numbers(source, 0) == [[10, 11]]


def test_rows_are_joined_at_their_last_token_and_first_position() -> None:
    longer = cache_of(states(3, 4, 10), states(3, 2, 20))
    shorter = cache_of(states(1, 2, 50))
    joined = join_rows(
        [CachedRows(longer, [2, 0, 0]), CachedRows(shorter, [0])],
        cross_layers=frozenset([1]),
        num_tokens=3,
        num_positions=3,
    )
    assert numbers(joined, 0) == [[211, 212, 213], [11, 12, 13], [11, 12, 13], [0, 50, 51]]
    assert numbers(joined, 1) == [[220, 221, 0], [20, 21, 0], [20, 21, 0], [0, 0, 0]]


def test_without_pictures_the_picture_layers_stay_empty() -> None:
    joined = join_rows(
        [CachedRows(cache_of(states(1, 2, 0)), [0])],
        cross_layers=frozenset([1]),
        num_tokens=2,
        num_positions=0,
    )
    assert joined.get_seq_length(1) == 0
