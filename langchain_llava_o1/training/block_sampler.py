"""The order in which samples are learned: batches whose samples have equally many pictures."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence

from torch.utils.data import Sampler


class BlockSampler(Sampler[int]):
    """Numbers of samples, in blocks of one batch each.

    In a batch with pictures, Mllama has the tokens of a sample that has none attend to those of the others;
    alone, as it is asked later, it does not. So a batch holds samples with equally many pictures. Where these
    do not fill their last block, some of them come twice in an epoch.
    """

    def __init__(self, num_pictures: Sequence[int], batch_size: int, seed: int) -> None:
        """Take the samples.

        Args:
            num_pictures: Of each sample.
            batch_size: Samples in a block.
            seed: Of the order, which is another one in each epoch.
        """
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = 0
        self._groups: dict[int, list[int]] = defaultdict(list)
        for number, count in enumerate(num_pictures):
            self._groups[count].append(number)

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch, from 0."""
        self._epoch = epoch

    def __len__(self) -> int:
        return sum(-(-len(group) // self._batch_size) for group in self._groups.values()) * self._batch_size

    def __iter__(self) -> Iterator[int]:
        rng = random.Random(f"{self._seed}/{self._epoch}")
        blocks = [
            block for count in sorted(self._groups) for block in self._fill_blocks(self._groups[count], rng)
        ]
        rng.shuffle(blocks)
        return (number for block in blocks for number in block)

    def _fill_blocks(self, group: Sequence[int], rng: random.Random) -> Iterator[list[int]]:
        shuffled = rng.sample(group, len(group))
        for start in range(0, len(group), self._batch_size):
            block = shuffled[start : start + self._batch_size]
            missing = self._batch_size - len(block)
            yield block + rng.choices(group, k=missing)
