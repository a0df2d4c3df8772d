"""Keys and values, of text and of pictures, as the engine keeps and shares them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class States:
    """Keys and values of consecutive positions.

    Attributes:
        layers: One tensor ``[2, key heads, positions, size]`` for each layer of a kind, keys first.
    """

    layers: tuple[torch.Tensor, ...]

    def __len__(self) -> int:
        """Count the positions."""
        return self.layers[0].shape[2] if self.layers else 0

    @property
    def nbytes(self) -> int:
        """Memory that they take."""
        return sum(layer.nbytes for layer in self.layers)

    def part(self, start: int, end: int | None = None) -> "States":
        """Take some of the positions, without a copy."""
        return States(tuple(layer[:, :, start:end] for layer in self.layers))

    def copy(self) -> "States":
        """Copy them, so that they keep nothing else in memory."""
        return States(tuple(layer.clone(memory_format=torch.contiguous_format) for layer in self.layers))


def join_states(parts: Sequence[States]) -> States:
    """Put the positions of several states one after the other; a single one is returned as it is."""
    if len(parts) == 1:
        return parts[0]
    return States(
        tuple(torch.cat(layers, dim=2) for layers in zip(*(part.layers for part in parts), strict=True))
    )
