"""The rows' own keys and values: a slot for each row of a batch, growing token by token."""

from collections.abc import Sequence
from typing import Protocol

import torch

from langchain_llava_o1.engine.cache.states import States
from langchain_llava_o1.engine.transfer import send

# Batches of about one size find their slots where they were: CUDA graphs depend on that.
_WIDTH_STEP = 256
_WIDE_STEP = 1024
_MOST_WASTE = 4


class KeyValueLayout(Protocol):
    """What slots need to know of a model.

    Attributes:
        device: Where a batch is laid out.
        dtype: What keys and values are kept in.
        num_key_heads: Heads of keys and values.
        head_size: Width of a head.
        text_devices: Device of each layer that attends to text.
    """

    device: torch.device
    dtype: torch.dtype
    num_key_heads: int
    head_size: int
    text_devices: tuple[torch.device, ...]


class Slots:
    """States of the rows of a batch, in batch order; each row fills its slot from the beginning.

    Attributes:
        layers: For each layer that attends to text, keys and values of all slots
            ``[2, slots, key heads, room, size]``.
        lengths: How much of each slot is filled.
        num_moves: How often the slots have moved to another place in memory.
        mask: What to add to the scores of the filled positions and the one being appended, float32
            ``[rows, 1, 1, width]``; None if all rows are equally long.
    """

    def __init__(self, model: KeyValueLayout) -> None:
        """Start without rows."""
        self._model = model
        self._room = 0
        self._capacity = 0
        self.layers: list[torch.Tensor] = []
        self._width = 0
        self._rows = torch.zeros(0, dtype=torch.long, device=model.device)
        self._ends = self._rows
        self.lengths: list[int] = []
        self.num_moves = 0
        self.mask: torch.Tensor | None = None

    def add(self, states: Sequence[States | None]) -> None:
        """Give each new row a slot behind the others, filled with its states."""
        lengths = [0 if each is None else len(each) for each in states]
        self.reserve(len(self.lengths) + len(states), max((*self.lengths, *lengths), default=0) + 1)
        for slot, (own, length) in enumerate(zip(states, lengths, strict=True), start=len(self.lengths)):
            if own is not None and length:
                for layer, part in zip(self.layers, own.layers, strict=True):
                    layer[:, slot, :, :length] = part
        self.lengths += lengths

    def keep(self, rows: Sequence[int]) -> None:
        """Keep some rows and free the slots of the others; a row that moves goes to a slot that is freed."""
        for target, source in enumerate(rows):
            if source != target:
                length = self.lengths[source]
                for layer in self.layers:
                    layer[:, target, :, :length] = layer[:, source, :, :length]
        self.lengths = [self.lengths[row] for row in rows]

    def states_of(self, row: int) -> States:
        """Take the states of a row, without a copy."""
        return States(tuple(layer[:, row, :, : self.lengths[row]] for layer in self.layers))

    def release(self) -> None:
        """Free the memory, once there are no rows."""
        self.layers, self._capacity, self._room = [], 0, 0
        self.num_moves += 1

    def begin_step(self) -> None:
        """Prepare for one token more in every row."""
        longest = max(self.lengths) + 1
        self.reserve(len(self.lengths), longest)
        device = self._model.device
        self._width = longest
        self._rows = torch.arange(len(self.lengths), device=device)
        self._ends = send(self.lengths, device)
        self.mask = None
        if min(self.lengths) + 1 < longest:
            is_outside = torch.arange(longest, device=device) > self._ends[:, None]
            self.mask = torch.zeros(is_outside.shape, device=device).masked_fill_(is_outside, -torch.inf)
            self.mask = self.mask[:, None, None]

    def append(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """Write ``[rows, key heads, size]`` at the end of each row.

        Repeating a step that failed writes at the same places.

        Returns:
            Keys and values of all rows ``[2, rows, key heads, width, size]``.
        """
        room = self.layers[layer]
        rows, ends = self._rows.to(room.device), self._ends.to(room.device)
        room[0, rows, :, ends] = keys
        room[1, rows, :, ends] = values
        return room[:, : len(self.lengths), :, : self._width]

    def end_step(self) -> None:
        """Count the tokens of the step in."""
        self.lengths = [length + 1 for length in self.lengths]

    def reserve(self, num_rows: int, length: int) -> None:
        """Make room for so many rows of such a length."""
        if num_rows <= self._capacity and length <= self._room:
            return
        num_rows, length = round_rows(num_rows), round_width(length)
        capacity, room = max(self._capacity, num_rows), max(self._room, length)
        if capacity * room > _MOST_WASTE * num_rows * length:
            # Where there were many short rows, a long one must not have the room of many.
            capacity, room = num_rows, length
        num_used, used = len(self.lengths), max(self.lengths, default=0)
        model = self._model
        shape = (2, capacity, model.num_key_heads, room, model.head_size)
        layers = []
        for index, device in enumerate(model.text_devices):
            # Zeros, not whatever was in memory: what is masked has no weight, but 0 x NaN is NaN.
            layer = torch.zeros(shape, dtype=model.dtype, device=device)
            if num_used and used:
                layer[:, :num_used, :, :used] = self.layers[index][:, :num_used, :, :used]
            layers.append(layer)
        self.layers, self._capacity, self._room = layers, capacity, room
        self.num_moves += 1


def round_rows(num_rows: int) -> int:
    """Round a number of rows up to one of a few, the powers of two."""
    return 1 << (num_rows - 1).bit_length()


def round_width(num_positions: int) -> int:
    """Round the length of rows up to one of a few."""
    step = _WIDTH_STEP if num_positions <= _WIDE_STEP else _WIDE_STEP
    return -(-num_positions // step) * step
