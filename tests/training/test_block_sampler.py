"""The order of samples."""

from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.training.block_sampler import BlockSampler

COUNTS = st.lists(st.integers(0, 3), min_size=1, max_size=40)


@given(COUNTS, st.integers(1, 7), st.integers(0, 5))
def test_every_sample_comes_in_blocks_of_equally_many_pictures(
    counts: list[int], batch_size: int, epoch: int
) -> None:
    sampler = BlockSampler(counts, batch_size, seed=0)
    sampler.set_epoch(epoch)
    order = list(sampler)
    assert len(order) == len(sampler)
    assert set(order) == set(range(len(counts)))
    for start in range(0, len(order), batch_size):
        block = order[start : start + batch_size]
        assert len(block) == batch_size
        assert len({counts[number] for number in block}) == 1
    # Only what fills a last block up comes twice.
    assert len(order) - len(counts) <= (batch_size - 1) * len(set(counts))


def test_the_order_is_that_of_the_seed_and_the_epoch() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        sampler = BlockSampler([1] * 50, 4, seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert order(0, 1) == order(0, 1)
    assert order(0, 0) != order(0, 1)
    assert order(0, 0) != order(1, 0)
