"""Keys and values of the rows being decoded: they grow in place, and rows come and go."""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import torch
from transformers.cache_utils import Cache, DynamicLayer

_HEADROOM = 64


class GrowingLayer(DynamicLayer):
    """A cache layer with room for the tokens to come, so that a step copies nothing it has already stored."""

    # The base class lets these be None until the first states arrive.
    keys: Any
    values: Any
    _key_room: torch.Tensor
    _value_room: torch.Tensor

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()  # type: ignore[no-untyped-call]

    def hold(self, key_room: torch.Tensor, value_room: torch.Tensor, length: int) -> None:
        """Take over buffers ``[rows, heads, room, size]`` whose first ``length`` positions are filled."""
        self.dtype, self.device = key_room.dtype, key_room.device
        self.is_initialized = True
        self._key_room, self._value_room = key_room, value_room
        self._show(length)

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append new states and return all of them."""
        if not self.is_initialized:
            self.hold(key_states, value_states, key_states.shape[-2])
            return key_states, value_states
        start = self.get_seq_length()
        end = start + key_states.shape[-2]
        if end > self._key_room.shape[-2]:
            self._key_room = _extend(self._key_room, start, end + _HEADROOM)
            self._value_room = _extend(self._value_room, start, end + _HEADROOM)
        self._key_room[:, :, start:end] = key_states
        self._value_room[:, :, start:end] = value_states
        self._show(end)
        return self.keys, self.values

    def _show(self, length: int) -> None:
        self.keys = self._key_room[:, :, :length]
        self.values = self._value_room[:, :, :length]


class CachedRows(NamedTuple):
    """Rows to take from a cache.

    Attributes:
        cache: Where they are.
        indices: Their positions in its batch; a row may be taken several times.
    """

    cache: Cache
    indices: Sequence[int]


def create_cache(num_layers: int) -> Cache:
    """Make an empty cache."""
    return Cache(layers=[GrowingLayer() for _ in range(num_layers)])


def join_rows(
    sources: Sequence[CachedRows], *, cross_layers: frozenset[int], num_tokens: int, num_positions: int
) -> Cache:
    """Copy rows of several caches into one.

    Args:
        sources: The rows, in the order they are to have.
        cross_layers: Indices of the layers that hold image positions instead of tokens.
        num_tokens: Token columns to keep. Rows are aligned at their last token.
        num_positions: Image positions to keep. Rows are aligned at their first position, and those
            without a picture get values of zero, which the cross-attention adds nothing from.
    """
    joined = create_cache(len(sources[0].cache.layers))
    for index, target in enumerate(_layers(joined)):
        parts = [
            (_layers(source.cache)[index], torch.tensor(source.indices), len(source.indices))
            for source in sources
        ]
        filled = [layer for layer, _, _ in parts if layer.is_initialized]
        is_cross = index in cross_layers
        length = num_positions if is_cross else num_tokens
        if not filled or not length:
            continue
        num_rows = sum(count for _, _, count in parts)
        _, num_heads, _, size = filled[0].keys.shape
        room = length if is_cross else length + _HEADROOM
        keys = filled[0].keys.new_empty(num_rows, num_heads, room, size)
        values = torch.empty_like(keys)
        start = 0
        for layer, indices, count in parts:
            end = start + count
            held = layer.keys.shape[-2] if layer.is_initialized else 0
            taken = min(held, length)
            # Padding is zero, not whatever was in memory: it is masked, but 0 x NaN is NaN.
            columns = slice(0, taken) if is_cross else slice(length - taken, length)
            padding = slice(taken, length) if is_cross else slice(0, length - taken)
            keys[start:end, :, padding] = 0
            values[start:end, :, padding] = 0
            if taken:
                source_columns = slice(0, taken) if is_cross else slice(held - taken, held)
                rows = indices.to(layer.keys.device)
                keys[start:end, :, columns] = layer.keys[:, :, source_columns][rows]
                values[start:end, :, columns] = layer.values[:, :, source_columns][rows]
            start = end
        target.hold(keys, values, length)
    return joined


def _layers(cache: Cache) -> list[GrowingLayer]:
    return cast("list[GrowingLayer]", cache.layers)


def _extend(room: torch.Tensor, length: int, new_length: int) -> torch.Tensor:
    extended = room.new_empty(*room.shape[:2], new_length, room.shape[-1])
    extended[:, :, :length] = room[:, :, :length]
    return extended
