"""Decode steps as CUDA graphs: captured once and replayed, without launching each kernel from Python.

A CUDA graph does the same operations at the same addresses every time. So the rows' states lie in slots that
do not move, whole prompts included, the pictures are copied into a buffer of their own, and the tokens come
in through one small tensor. Batches are rounded up to a few sizes, each captured after some steps of it.
"""

import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol
from weakref import WeakSet

import torch

from langchain_llava_o1.engine.cache.slots import Slots, round_rows, round_width
from langchain_llava_o1.engine.cache.states import States
from langchain_llava_o1.engine.failures import is_out_of_memory
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.mllama.shared_states import group_rows
from langchain_llava_o1.engine.mllama.tiled_attention import attend
from langchain_llava_o1.engine.transfer import send

_logger = logging.getLogger(__name__)

_MOST_ROWS = 64
_PICTURE_STEP = 256
MOST_PICTURES = 4
"""Large pictures in a batch that is stepped this way, at most.

Every row is compared with all pictures of the batch; with more of them that takes too long.
"""
# A size that comes only once or twice is not worth a capture.
_STEPS_BEFORE_CAPTURE = 3
MOST_GRAPHS = 32
"""Graphs that are kept at once; the one that was not used for longest goes first."""


class CapturedGraph(Protocol):
    """Operations that were captured."""

    def replay(self) -> torch.Tensor:
        """Repeat them; the result is always in the same tensor."""
        ...


GraphCapture = Callable[[Callable[[], torch.Tensor]], CapturedGraph]
"""Captures the operations of a function on tensors, whether or not it runs them meanwhile."""


class _CudaGraph:
    """Captured on a GPU, with its memory from a pool."""

    def __init__(self, step: Callable[[], torch.Tensor], pool: Any) -> None:
        self.pool = pool
        self._graph = torch.cuda.CUDAGraph()
        # Other threads may go on using the GPU meanwhile.
        with torch.cuda.graph(self._graph, pool=pool, capture_error_mode="thread_local"):
            self._result = step()

    def replay(self) -> torch.Tensor:
        self._graph.replay()
        return self._result


def choose_graph_capture(model: Mllama) -> GraphCapture | None:
    """Choose how steps of a model are captured; None where they cannot be."""
    if model.device.type != "cuda" or {*model.text_devices, *model.picture_devices} != {model.device}:
        return None
    return _CudaGraphCapture()


class _CudaGraphCapture:
    """Captures graphs that share the memory for what they compute.

    They may: only one of them runs at a time, and its result is used before the next one runs.
    """

    def __init__(self) -> None:
        self._graphs: WeakSet[_CudaGraph] = WeakSet()

    def __call__(self, step: Callable[[], torch.Tensor]) -> _CudaGraph:
        # A pool ends with the last graph that uses it, and cannot be used again.
        pool = next((graph.pool for graph in self._graphs), None) or torch.cuda.graph_pool_handle()
        graph = _CudaGraph(step, pool)
        self._graphs.add(graph)
        return graph


class _EagerStep(NamedTuple):
    """Runs a step's operations one by one, in the place of a graph."""

    compute: Callable[[], torch.Tensor]

    def replay(self) -> torch.Tensor:
        return self.compute()


class _GraphSize(NamedTuple):
    """What a graph is captured for: numbers of rows, of their positions, and of positions in pictures."""

    num_rows: int
    width: int
    num_picture_positions: int


class CudaGraphSteps:
    """The steps of one batch, whose rows are in slots with all their states."""

    def __init__(self, model: Mllama, slots: Slots, capture: GraphCapture) -> None:
        """Prepare to step the rows in ``slots``."""
        self._model = model
        self._slots = slots
        self._capture = capture
        self._most_picture_positions = MOST_PICTURES * model.num_tiles * model.num_patches
        self._num_picture_positions = 0
        self._num_moves = slots.num_moves
        device = model.device
        is_on_gpu = device.type == "cuda"
        # Token ids, their positions, and where each row's slot ends.
        self._staged = torch.zeros(3, _MOST_ROWS, dtype=torch.long, pin_memory=is_on_gpu)
        self._inputs = torch.zeros(3, _MOST_ROWS, dtype=torch.long, device=device)
        self._picture_row_mask = torch.ones(_MOST_ROWS, 1, dtype=model.dtype, device=device)
        self._pictures: list[torch.Tensor] = []
        self._picture_mask = torch.zeros(_MOST_ROWS, 0, dtype=model.dtype, device=device)
        self.forget()

    def forget(self) -> None:
        """Drop all graphs, and the memory that they hold."""
        self._graphs: OrderedDict[_GraphSize, CapturedGraph] = OrderedDict()
        self._num_steps: Counter[_GraphSize] = Counter()

    def lay_out(self, keys: Sequence[object], pictures: Sequence[States | None]) -> bool:
        """Copy the pictures that the rows see into their buffer.

        Args:
            keys: What identifies each row's pictures.
            pictures: The pictures of each row.

        Returns:
            Whether the batch can be stepped this way.
        """
        groups = group_rows(keys, pictures)
        num_positions = sum(len(group.states) for group in groups)
        if len(keys) > _MOST_ROWS or num_positions > self._most_picture_positions:
            return False
        self._num_picture_positions = -(-num_positions // _PICTURE_STEP) * _PICTURE_STEP
        self._grow_picture_buffer()
        self._picture_row_mask.fill_(0)
        mask = self._picture_mask[:, : self._num_picture_positions]
        # A row without pictures attends to anything, and its result is dropped.
        mask.fill_(0)
        start = 0
        for group in groups:
            end = start + len(group.states)
            rows = send(group.rows, mask.device)
            self._picture_row_mask[rows] = 1
            mask[rows] = -torch.inf
            mask[rows, start:end] = 0
            for buffer, layer in zip(self._pictures, group.states.layers, strict=True):
                buffer[:, :, start:end] = layer
            start = end
        return True

    def step(self, token_ids: Sequence[int], positions: Sequence[int]) -> torch.Tensor:
        """Let each row read a token.

        Repeating a step that failed writes at the same places.

        Returns:
            Float32 ``[rows, vocabulary]``, valid until the next step.
        """
        lengths = self._slots.lengths
        size = _GraphSize(
            round_rows(len(lengths)), round_width(max(lengths) + 1), self._num_picture_positions
        )
        self._slots.reserve(size.num_rows, size.width)
        if self._slots.num_moves != self._num_moves:
            self.forget()
            self._num_moves = self._slots.num_moves
        self._staged[:, len(lengths) :] = 0
        self._staged[:, : len(lengths)] = torch.tensor([token_ids, positions, lengths])
        self._inputs.copy_(self._staged, non_blocking=True)
        return self._run(size)[: len(lengths)]

    def _run(self, size: _GraphSize) -> torch.Tensor:
        graph = self._graphs.get(size)
        if graph is None:
            self._num_steps[size] += 1
            if self._num_steps[size] <= _STEPS_BEFORE_CAPTURE:
                return self._compute(size)
            if len(self._graphs) >= MOST_GRAPHS:
                self._graphs.popitem(last=False)
            graph = self._graphs[size] = self._capture_or_stay_eager(partial(self._compute, size))
        self._graphs.move_to_end(size)
        return graph.replay()

    def _capture_or_stay_eager(self, compute: Callable[[], torch.Tensor]) -> CapturedGraph:
        """Capture, or run eagerly what cannot be: some quantized layers branch on computed values."""
        try:
            return self._capture(compute)
        except Exception as error:
            if is_out_of_memory(error):
                raise
            _logger.warning(
                "A decode step could not be captured as a CUDA graph and runs eagerly, more slowly: %s", error
            )
            return _EagerStep(compute)

    def _compute(self, size: _GraphSize) -> torch.Tensor:
        token_ids, positions, ends = self._inputs[:, : size.num_rows]
        attention = _StaticAttention(
            self._model,
            self._slots.layers,
            ends,
            size.width,
            [buffer[:, :, : size.num_picture_positions] for buffer in self._pictures],
            self._picture_mask[: size.num_rows, : size.num_picture_positions],
            self._picture_row_mask[: size.num_rows],
        )
        return self._model.logits(self._model.forward(token_ids, positions, attention))

    def _grow_picture_buffer(self) -> None:
        if self._picture_mask.shape[1] >= self._num_picture_positions:
            return
        model = self._model
        shape = (2, model.num_key_heads, self._num_picture_positions, model.head_size)
        self.forget()
        # The old buffer is freed before, and gone as a whole if there is no memory for the new one.
        self._pictures, self._picture_mask = [], self._picture_mask[:, :0]
        self._pictures = [
            torch.zeros(shape, dtype=model.dtype, device=device) for device in model.picture_devices
        ]
        self._picture_mask = torch.zeros(
            _MOST_ROWS, self._num_picture_positions, dtype=model.dtype, device=self._picture_mask.device
        )


class _StaticAttention:
    """The next token of each row, with operations that do not depend on what the rows are."""

    def __init__(
        self,
        model: Mllama,
        slots: Sequence[torch.Tensor],
        ends: torch.Tensor,
        width: int,
        pictures: Sequence[torch.Tensor],
        picture_mask: torch.Tensor,
        picture_row_mask: torch.Tensor,
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
        self.picture_row_mask = picture_row_mask

    def attend_to_text(
        self, layer: int, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
    ) -> torch.Tensor:
        """Attend to the filled part of each slot."""
        slots = self._slots[layer]
        slots[0, self._rows, :, self._ends] = keys
        slots[1, self._rows, :, self._ends] = values
        known_keys, known_values = slots[:, : len(queries), :, : self._width]
        grouped = queries.unflatten(1, (self._num_key_heads, -1))
        return attend(grouped, known_keys, known_values, self._mask).flatten(1, 2)

    def attend_to_pictures(self, layer: int, queries: torch.Tensor) -> torch.Tensor:
        """Attend to the part of the buffer that holds each row's pictures."""
        keys, values = self._pictures[layer][:, None]
        grouped = queries.unflatten(1, (self._num_key_heads, -1)).transpose(0, 1)
        attended = attend(grouped.flatten(1, 2)[None], keys, values, self._picture_mask)[0]
        output: torch.Tensor = attended.unflatten(1, grouped.shape[1:3]).transpose(0, 1).flatten(1, 2)
        return output * self.picture_row_mask[:, :, None]
