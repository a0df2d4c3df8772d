"""Scaled dot-product attention (arXiv 1706.03762), tile by tile where that is faster.

torch's own kernel for processors takes two to three times as long in bfloat16 as the two matrix products
and the softmax that it is made of, on tiles whose scores stay near the processor.
"""

import math
import threading
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional
from transformers import AttentionInterface

if TYPE_CHECKING:
    from transformers import MllamaForConditionalGeneration

_NAME = "llava-o1-tiled"

MOST_SCORES_IN_A_TILE = 2**21
"""Scores that are in memory at once, at most; those of one query always are."""
# With more queries than this, reading keys that lie scattered costs more than putting them together.
_MOST_QUERIES_FOR_SCATTERED_KEYS = 128


def attend(
    queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """Attend with ``[batch, heads, queries, size]`` to ``[batch, heads, positions, size]``.

    Args:
        queries: What asks.
        keys: What is asked.
        values: What is answered, ``[batch, heads, positions, size]``.
        mask: What to add to the scores, in their precision; broadcast to
            ``[batch, heads, queries, positions]``.

    Returns:
        ``[batch, heads, queries, size]``.
    """
    if queries.device.type != "cpu" or queries.dtype != torch.bfloat16:
        return functional.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
    num_heads, num_queries = queries.shape[1:3]
    if num_queries > _MOST_QUERIES_FOR_SCATTERED_KEYS:
        keys, values = keys.contiguous(), values.contiguous()
    if mask is not None:
        mask = mask.expand(*queries.shape[:3], keys.shape[2])
    queries = queries * queries.shape[-1] ** -0.5
    found = torch.empty_like(queries, memory_format=torch.contiguous_format)
    num_rows = max(1, MOST_SCORES_IN_A_TILE // keys.shape[2])
    step = max(1, num_rows // num_queries)
    room = min(step, num_heads), min(num_rows, num_queries), keys.shape[2]
    scores, weights = (room_for[: math.prod(room)].view(room) for room_for in _scratch(math.prod(room)))
    for batch in range(len(queries)):
        for head in range(0, num_heads, step):
            heads = slice(head, head + step)
            transposed = keys[batch, heads].transpose(1, 2)
            for row in range(0, num_queries, num_rows):
                place = batch, heads, slice(row, row + num_rows)
                asked = queries[place]
                tile = scores[: asked.shape[0], : asked.shape[1]]
                torch.bmm(asked, transposed, out=tile)
                if mask is not None:
                    tile.add_(mask[place])
                weighed = torch.softmax(tile, -1, out=weights[: asked.shape[0], : asked.shape[1]])
                found[place] = weighed @ values[batch, heads]
    return found


_kept = threading.local()


def _scratch(size: int) -> torch.Tensor:
    """Take memory for two tiles, the same one every time: new memory costs more than what is done in it."""
    kept: torch.Tensor | None = getattr(_kept, "scratch", None)
    if kept is None or kept.shape[1] < size:
        kept = _kept.scratch = torch.empty(2, size, dtype=torch.bfloat16)
    return kept


def attend_in_vision_tower(network: "MllamaForConditionalGeneration") -> None:
    """Let a network's vision tower attend by ``attend``."""
    AttentionInterface.register(_NAME, _attend_for_transformers)
    network.model.vision_model.set_attn_implementation(_NAME)


def _attend_for_transformers(
    module: object,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    return attend(query, key, value, attention_mask).transpose(1, 2), None
