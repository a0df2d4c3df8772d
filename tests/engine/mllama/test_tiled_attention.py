"""Tile by tile, attention is what torch computes."""

import pytest
import torch
from torch.nn import functional

from langchain_llava_o1.engine.mllama import tiled_attention
from langchain_llava_o1.engine.mllama.tiled_attention import attend


@pytest.mark.parametrize(
    ("num_queries", "most_scores"), [(1, 2**21), (5, 2**21), (5, 64), (300, 2**12)], ids=str
)
@pytest.mark.parametrize("is_masked", [False, True])
def test_it_is_scaled_dot_product_attention(
    monkeypatch: pytest.MonkeyPatch, num_queries: int, most_scores: int, is_masked: bool
) -> None:
    monkeypatch.setattr(tiled_attention, "MOST_SCORES_IN_A_TILE", most_scores)
    rng = torch.Generator().manual_seed(num_queries)
    queries = torch.randn(2, 3, num_queries, 8, generator=rng)
    keys, values = torch.randn(2, 2, 3, 20, 8, generator=rng)
    mask = None
    if is_masked:
        mask = torch.zeros(2, 1, num_queries, 20).masked_fill_(
            torch.rand(2, 1, num_queries, 20, generator=rng) < 0.5, -torch.inf
        )
        mask[..., 0] = 0
    halves = [each.bfloat16() for each in (queries, keys, values)]

    expected = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
    found = attend(*halves, None if mask is None else mask.bfloat16())

    torch.testing.assert_close(found.float(), expected, atol=0.05, rtol=0.05)
    torch.testing.assert_close(attend(queries, keys, values, mask), expected)


def test_an_answer_outlives_the_next_one() -> None:
    first, second = torch.randn(2, 1, 1, 4, 8).bfloat16()

    found = attend(first, first, first)
    kept = found.clone()
    attend(second, second, second)

    assert torch.equal(found, kept)
