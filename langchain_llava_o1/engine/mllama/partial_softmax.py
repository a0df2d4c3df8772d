"""Attention over parts of the positions, merged afterwards (as in FlashAttention, arXiv 2205.14135)."""

from typing import NamedTuple

import torch


class PartialSoftmax(NamedTuple):
    """Values weighted by scores, not yet divided by the weights' total, so that parts can be merged.

    Attributes:
        maximum: The highest score, ``[..., 1]``.
        total: Sum of the weights relative to it, ``[..., 1]``.
        weighted: Weighted sum of the values, ``[..., size]``, float32.
    """

    maximum: torch.Tensor
    total: torch.Tensor
    weighted: torch.Tensor

    @classmethod
    def of(cls, scores: torch.Tensor, values: torch.Tensor) -> "PartialSoftmax":
        """Weight ``[..., positions, size]`` by float32 scores ``[..., positions]``."""
        maximum = scores.amax(dim=-1, keepdim=True)
        weights = (scores - maximum).exp()
        weighted = (weights.to(values.dtype) @ values).float()
        return cls(maximum, weights.sum(dim=-1, keepdim=True), weighted)

    def result(self) -> torch.Tensor:
        """Divide by the weights' total: attention over the positions merged so far."""
        return self.weighted / self.total

    def merge(self, other: "PartialSoftmax") -> "PartialSoftmax":
        """Combine with the same queries' softmax over other positions."""
        maximum = torch.maximum(self.maximum, other.maximum)
        ours, theirs = (self.maximum - maximum).exp(), (other.maximum - maximum).exp()
        return PartialSoftmax(
            maximum,
            ours * self.total + theirs * other.total,
            ours * self.weighted + theirs * other.weighted,
        )

    def split_rows(self, num_rows: int) -> "PartialSoftmax":
        """Turn ``[key heads, rows * group, …]`` into ``[rows, key heads, group, …]``."""
        return PartialSoftmax(*(part.unflatten(1, (num_rows, -1)).transpose(0, 1) for part in self))

    def empty_like(self) -> "PartialSoftmax":
        """Make a softmax of the same shape over no positions."""
        return PartialSoftmax(
            torch.full_like(self.maximum, -torch.inf),
            torch.zeros_like(self.total),
            torch.zeros_like(self.weighted),
        )

    def write(self, rows: torch.Tensor | None, other: "PartialSoftmax") -> None:
        """Overwrite some rows, or all for None, in place."""
        for mine, theirs in zip(self, other, strict=True):
            mine[slice(None) if rows is None else rows.to(mine.device)] = theirs
