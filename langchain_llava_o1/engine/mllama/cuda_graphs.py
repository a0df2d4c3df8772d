"""Decode steps that are recorded once and replayed: a GPU need not wait to be told each of their parts.

A recording (a CUDA graph) does the same things in the same places of memory every time. So the rows' states
lie in slots that do not move, whole prompts included, the pictures are put into a room of their own, and the
tokens come in through one small tensor. Batches are rounded up to a few sizes, each recorded when it has
come some times.
"""

import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import torch

from langchain_llava_o1.engine.cache.slots import Slots, round_rows, round_width
from langchain_llava_o1.engine.cache.states import States
from langchain_llava_o1.engine.failures import is_out_of_memory
from langchain_llava_o1.engine.mllama.attention import group_rows
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.mllama.tiled_attention import attend
from langchain_llava_o1.engine.mllama.transfer import send

_logger = logging.getLogger(__name__)

_MOST_ROWS = 64
_PICTURE_STEP = 256
# Every row is compared with all pictures of the batch; with more of them that takes too long.
_MOST_PICTURES = 4
# What comes only once or twice is not worth recording.
_STEPS_BEFORE_RECORDING = 3
_MOST_RECORDINGS = 32


class Recording(Protocol):
    """Something that was recorded."""

    def replay(self) -> torch.Tensor:
        """Do it again; the result is always in the same tensor."""
        ...


Recorder = Callable[[Callable[[], torch.Tensor]], Recording]
"""Records what a function does with tensors, without or with doing it."""


class _CudaGraph:
    """A recording on a GPU."""

    def __init__(self, step: Callable[[], torch.Tensor], pool: Any) -> None:
        self._graph = torch.cuda.CUDAGraph()
        # Other threads may go on using the GPU meanwhile.
        with torch.cuda.graph(self._graph, pool=pool, capture_error_mode="thread_local"):
            self._result = step()

    def replay(self) -> torch.Tensor:
        self._graph.replay()
        return self._result


def choose_recorder(model: Mllama) -> Recorder | None:
    """Choose how steps of a model are recorded; None where they cannot be."""
    if model.device.type != "cuda" or {*model.text_devices, *model.picture_devices} != {model.device}:
        return None
    # Recordings share the memory for what they compute: only one of them runs at a time, and its result is
    # used before the next one runs.
    pool = torch.cuda.graph_pool_handle()
    return lambda step: _CudaGraph(step, pool)


class _Live(NamedTuple):
    """What takes the place of a recording."""

    compute: Callable[[], torch.Tensor]

    def replay(self) -> torch.Tensor:
        return self.compute()


class _Size(NamedTuple):
    """What a recording is made for: numbers of rows, of their positions, and of positions in pictures."""

    num_rows: int
    width: int
    num_seen: int


class RecordedSteps:
    """The steps of one batch, whose rows are in slots with all their states."""

    def __init__(self, model: Mllama, slots: Slots, record: Recorder) -> None:
        """Prepare to step the rows in ``slots``."""
        self._model = model
        self._slots = slots
        self._record = record
        self._most_seen = _MOST_PICTURES * model.num_tiles * model.num_patches
        self._num_seen = 0
        self._num_moves = slots.num_moves
        device = model.device
        is_on_gpu = device.type == "cuda"
        # Token ids, their positions, and where each row's slot ends.
        self._staged = torch.zeros(3, _MOST_ROWS, dtype=torch.long, pin_memory=is_on_gpu)
        self._inputs = torch.zeros(3, _MOST_ROWS, dtype=torch.long, device=device)
        self._sight = torch.ones(_MOST_ROWS, 1, dtype=model.dtype, device=device)
        self._pictures: list[torch.Tensor] = []
        self._picture_mask = torch.zeros(_MOST_ROWS, 0, dtype=model.dtype, device=device)
        self.forget()

    def forget(self) -> None:
        """Drop all recordings, and the memory that they hold."""
        self._recordings: OrderedDict[_Size, Recording] = OrderedDict()
        self._num_steps: Counter[_Size] = Counter()

    def lay_out(self, keys: Sequence[object], pictures: Sequence[States | None]) -> bool:
        """Put the pictures that the rows see into their room.

        Args:
            keys: What identifies each row's pictures.
            pictures: The pictures of each row.

        Returns:
            Whether the batch can be stepped this way.
        """
        groups = group_rows(keys, pictures)
        num_positions = sum(len(group.states) for group in groups)
        if len(keys) > _MOST_ROWS or num_positions > self._most_seen:
            return False
        self._num_seen = -(-num_positions // _PICTURE_STEP) * _PICTURE_STEP
        self._make_room_for_pictures()
        self._sight.fill_(0)
        mask = self._picture_mask[:, : self._num_seen]
        # A row that sees nothing looks anywhere, and what it finds is dropped.
        mask.fill_(0)
        start = 0
        for group in groups:
            end = start + len(group.states)
            rows = send(group.rows, mask.device)
            self._sight[rows] = 1
            mask[rows] = -torch.inf
            mask[rows, start:end] = 0
            for room, layer in zip(self._pictures, group.states.layers, strict=True):
                room[:, :, start:end] = layer
            start = end
        return True

    def step(self, token_ids: Sequence[int], positions: Sequence[int]) -> torch.Tensor:
        """Let each row read a token.

        Repeating a step that failed writes at the same places.

        Returns:
            Float32 ``[rows, vocabulary]``, valid until the next step.
        """
        lengths = self._slots.lengths
        size = _Size(round_rows(len(lengths)), round_width(max(lengths) + 1), self._num_seen)
        self._slots.reserve(size.num_rows, size.width)
        if self._slots.num_moves != self._num_moves:
            self.forget()
            self._num_moves = self._slots.num_moves
        self._staged[:, len(lengths) :] = 0
        self._staged[:, : len(lengths)] = torch.tensor([token_ids, positions, lengths])
        self._inputs.copy_(self._staged, non_blocking=True)
        return self._run(size)[: len(lengths)]

    def _run(self, size: _Size) -> torch.Tensor:
        recording = self._recordings.get(size)
        if recording is None:
            self._num_steps[size] += 1
            if self._num_steps[size] <= _STEPS_BEFORE_RECORDING:
                return self._compute(size)
            if len(self._recordings) >= _MOST_RECORDINGS:
                self._recordings.popitem(last=False)
            recording = self._recordings[size] = self._record_or_repeat(partial(self._compute, size))
        self._recordings.move_to_end(size)
        return recording.replay()

    def _record_or_repeat(self, compute: Callable[[], torch.Tensor]) -> Recording:
        """Record, or do live what cannot be recorded: some quantized layers look at what they compute."""
        try:
            return self._record(compute)
        except Exception as error:
            if is_out_of_memory(error):
                raise
            _logger.warning("A decode step could not be recorded and is taken live, more slowly: %s", error)
            return _Live(compute)

    def _compute(self, size: _Size) -> torch.Tensor:
        token_ids, positions, ends = self._inputs[:, : size.num_rows]
        attention = _FixedAttention(
            self._model,
            self._slots.layers,
            ends,
            size.width,
            [room[:, :, : size.num_seen] for room in self._pictures],
            self._picture_mask[: size.num_rows, : size.num_seen],
            self._sight[: size.num_rows],
        )
        return self._model.logits(self._model.read(token_ids, positions, attention))

    def _make_room_for_pictures(self) -> None:
        if self._picture_mask.shape[1] >= self._num_seen:
            return
        model = self._model
        shape = (2, model.num_key_heads, self._num_seen, model.head_size)
        self.forget()
        # The old room is freed before, and gone as a whole if there is no memory for the new one.
        self._pictures, self._picture_mask = [], self._picture_mask[:, :0]
        self._pictures = [
            torch.zeros(shape, dtype=model.dtype, device=device) for device in model.picture_devices
        ]
        self._picture_mask = torch.zeros(
            _MOST_ROWS, self._num_seen, dtype=model.dtype, device=self._picture_mask.device
        )


class _FixedAttention:
    """The next token of each row, attended to without looking at what the rows are."""

    def __init__(
        self,
        model: Mllama,
        slots: Sequence[torch.Tensor],
        ends: torch.Tensor,
        width: int,
        pictures: Sequence[torch.Tensor],
        picture_mask: torch.Tensor,
        sight: torch.Tensor,
    ) -> None:
        self._num_key_heads = model.num_key_heads
        self._slots = slots
        self._ends = ends
        self._width = width
        self._rows = torch.arange(len(ends), device=ends.device)
        is_after = torch.arange(width, device=ends.device) > ends[:, None]
        mask = torch.zeros(is_after.shape, dtype=model.dtype, device=ends.device)
        self._mask = mask.masked_fill(is_after, -torch.inf)[:, None, None]
        self._pictures = pictures
        num_groups = model.num_heads // model.num_key_heads
        self._picture_mask = picture_mask.repeat_interleave(num_groups, dim=0)[None, None]
        self.has_pictures = picture_mask.shape[1] > 0
        self.sight = sight

    def attend_to_text(
        self, layer: int, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
    ) -> torch.Tensor:
        """Attend to the filled part of each slot."""
        slots = self._slots[layer]
        slots[0, self._rows, :, self._ends] = keys
        slots[1, self._rows, :, self._ends] = values
        known, seen = slots[:, : len(queries), :, : self._width]
        asked = queries.unflatten(1, (self._num_key_heads, -1))
        return attend(asked, known, seen, self._mask).flatten(1, 2)

    def attend_to_pictures(self, layer: int, queries: torch.Tensor) -> torch.Tensor:
        """Attend to the part of the room that is each row's."""
        keys, values = self._pictures[layer][:, None]
        asked = queries.unflatten(1, (self._num_key_heads, -1)).transpose(0, 1)
        found = attend(asked.flatten(1, 2)[None], keys, values, self._picture_mask)[0]
        answered: torch.Tensor = found.unflatten(1, asked.shape[1:3]).transpose(0, 1).flatten(1, 2)
        return answered * self.sight[:, :, None]
