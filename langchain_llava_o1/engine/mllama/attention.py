"""What tokens attend to: chunks of prompts during prefill, the rows of a batch during decoding."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch

from langchain_llava_o1.engine.cache.slots import Slots
from langchain_llava_o1.engine.cache.states import States
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.mllama.partial_softmax import PartialSoftmax
from langchain_llava_o1.engine.mllama.shared_states import SharedStates, StackedStates
from langchain_llava_o1.engine.mllama.tiled_attention import attend


class CrossAttentionSpan(NamedTuple):
    """Consecutive tokens of a prompt that attend to the same pictures.

    Attributes:
        num_tokens: How many tokens.
        states: The pictures they attend to; None in a prompt without pictures.
        sees_pictures: Whether the pictures change these tokens: the tokens before the first picture attend
            to all pictures, but their feed-forward layers are masked.
    """

    num_tokens: int
    states: States | None
    sees_pictures: bool


class PrefillChunk(NamedTuple):
    """Consecutive tokens of one prompt that are read in one pass.

    Attributes:
        num_tokens: How many.
        prefix: States of the tokens before them; None at the beginning.
        spans: The pictures they attend to.
    """

    num_tokens: int
    prefix: States | None
    spans: tuple[CrossAttentionSpan, ...]


class PrefillAttention:
    """Chunks that are read side by side, each attending to its own prompt alone."""

    def __init__(self, model: Mllama, chunks: Sequence[PrefillChunk]) -> None:
        """Lay chunks out one after the other."""
        device, dtype = model.device, model.dtype
        num_groups = model.num_heads // model.num_key_heads
        self._chunks = chunks
        self._sizes = [chunk.num_tokens for chunk in chunks]
        self._masks = [_causal_mask(chunk, num_groups, device, dtype) for chunk in chunks]
        self._read: list[torch.Tensor] = []
        self._spans = [span for chunk in chunks for span in chunk.spans]
        self.has_pictures = any(span.states is not None for span in self._spans)
        self.picture_row_mask: torch.Tensor | None = None
        if not all(span.sees_pictures for span in self._spans):
            sees = torch.tensor([span.sees_pictures for span in self._spans], device=device)
            counts = torch.tensor([span.num_tokens for span in self._spans], device=device)
            self.picture_row_mask = sees.repeat_interleave(counts)[:, None].to(dtype)

    def states(self) -> list[States]:
        """Take the keys and values of each chunk, once it is read."""
        split = zip(*(layer.split(self._sizes, dim=2) for layer in self._read), strict=True)
        return [States(layers) for layers in split]

    def attend_to_text(
        self, layer: int, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
    ) -> torch.Tensor:
        """Attend to the tokens before each token in its prompt and to itself."""
        read = torch.stack((keys, values)).transpose(1, 2)
        self._read.append(read)
        outputs = []
        parts = zip(
            self._chunks,
            self._masks,
            queries.split(self._sizes),
            read.split(self._sizes, dim=2),
            strict=True,
        )
        for chunk, mask, part, own in parts:
            states = own if chunk.prefix is None else torch.cat((chunk.prefix.layers[layer], own), dim=2)
            outputs.append(_attend(part, states, None if mask is None else mask.to(states.device)))
        return torch.cat(outputs)

    def attend_to_pictures(self, layer: int, queries: torch.Tensor) -> torch.Tensor:
        """Attend to the pictures of each token's span."""
        parts = queries.split([span.num_tokens for span in self._spans])
        return torch.cat(
            [
                torch.zeros_like(part) if span.states is None else _attend(part, span.states.layers[layer])
                for span, part in zip(self._spans, parts, strict=True)
            ]
        )


class DecodeAttention:
    """The next token of each row: it attends to what its row shares with others, then to the row's own."""

    def __init__(
        self,
        model: Mllama,
        slots: Slots,
        prefixes: Sequence[SharedStates],
        pictures: Sequence[StackedStates],
        picture_row_mask: torch.Tensor | None,
    ) -> None:
        """Lay a batch out.

        Args:
            model: For its sizes.
            slots: The rows' own states, in batch order.
            prefixes: Rows with the beginning of their texts.
            pictures: Rows with the pictures they see.
            picture_row_mask: ``[rows, 1]``, 1 for rows that see a picture; None if all do.
        """
        self._num_key_heads = model.num_key_heads
        self._scale = 1.0 / math.sqrt(model.head_size)
        self._slots = slots
        self._prefixes = prefixes
        self._pictures = pictures
        # All of them side by side, so that they are gathered and scattered once.
        self._num_picture_rows = [stack.rows.numel() for stack in pictures]
        self._picture_rows = torch.tensor([], dtype=torch.long)
        if pictures:
            self._picture_rows = torch.cat([stack.rows.flatten() for stack in pictures])
        self.has_pictures = bool(pictures)
        self.picture_row_mask = picture_row_mask

    def attend_to_text(
        self, layer: int, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
    ) -> torch.Tensor:
        """Attend to shared and own tokens; the new ones are kept."""
        own = self._slots.append(layer, keys, values)
        scaled = queries.unflatten(1, (self._num_key_heads, -1)) * self._scale
        scores = (scaled @ own[0].transpose(-1, -2)).float()
        if self._slots.mask is not None:
            scores = scores + self._slots.mask.to(scores.device)
        tail = PartialSoftmax.of(scores, own[1])
        prefixes = [self._attend_to_prefix(layer, scaled, shared) for shared in self._prefixes]
        if not prefixes:
            return tail.result().to(queries.dtype).flatten(1, 2)
        if len(prefixes) == 1 and self._prefixes[0].rows is None:
            return tail.merge(prefixes[0]).result().to(queries.dtype).flatten(1, 2)
        before = tail.empty_like()
        for shared, prefix in zip(self._prefixes, prefixes, strict=True):
            before.write(shared.rows, prefix)
        return tail.merge(before).result().to(queries.dtype).flatten(1, 2)

    def _attend_to_prefix(self, layer: int, scaled: torch.Tensor, shared: SharedStates) -> PartialSoftmax:
        keys, values = shared.states.layers[layer]
        chosen = scaled if shared.rows is None else scaled[shared.rows.to(scaled.device)]
        # The queries of all rows go into one product, so that what they share is read from memory once.
        together = chosen.transpose(0, 1).flatten(1, 2)
        softmax = PartialSoftmax.of((together @ keys.transpose(-1, -2)).float(), values)
        return softmax.split_rows(len(chosen))

    def attend_to_pictures(self, layer: int, queries: torch.Tensor) -> torch.Tensor:
        """Attend to the pictures that each row sees."""
        rows = self._picture_rows.to(queries.device)
        # The heads that share keys count as if they were more rows.
        gathered = queries[rows].unflatten(1, (self._num_key_heads, -1))
        outputs = []
        for stack, part in zip(self._pictures, gathered.split(self._num_picture_rows), strict=True):
            keys, values = stack.layers[layer]
            grouped = part.unflatten(0, stack.rows.shape).transpose(1, 2)
            attended = attend(grouped.flatten(2, 3), keys, values)
            outputs.append(attended.unflatten(2, grouped.shape[2:4]).transpose(1, 2).flatten(0, 1))
        output = torch.zeros_like(queries)
        output[rows] = torch.cat(outputs).flatten(1, 2)
        return output


def _attend(queries: torch.Tensor, states: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Attend with ``[tokens, heads, size]`` to ``[2, key heads, positions, size]``.

    The heads that share keys count as if they were more tokens, so that no keys are repeated.
    """
    num_key_heads = states.shape[1]
    num_groups = queries.shape[1] // num_key_heads
    grouped = queries.transpose(0, 1).unflatten(0, (num_key_heads, num_groups)).flatten(1, 2)
    attended = attend(grouped[None], states[None, 0], states[None, 1], mask)[0]
    output: torch.Tensor = attended.unflatten(1, (num_groups, -1)).flatten(0, 1).transpose(0, 1)
    return output


def _causal_mask(
    chunk: PrefillChunk, num_groups: int, device: torch.device, dtype: torch.dtype
) -> torch.Tensor | None:
    """Make what to add to the scores of a chunk's tokens, once for each of the heads that share keys."""
    if chunk.num_tokens == 1:
        return None
    num_before = len(chunk.prefix) if chunk.prefix is not None else 0
    shape = chunk.num_tokens, num_before + chunk.num_tokens
    forbidden = torch.full(shape, -torch.inf, device=device, dtype=dtype)
    return forbidden.triu_(num_before + 1).repeat(num_groups, 1)
