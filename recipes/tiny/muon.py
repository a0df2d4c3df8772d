"""Muon, in the precision that a processor is fast in."""

import math
from collections.abc import Iterable
from typing import Any

import torch

MOMENTUM = 0.95
NEWTON_SCHULZ_STEPS = 5
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the polynomial that a Newton-Schulz step applies to the singular values."""
LEAST_NORM = 1e-7


class Muon(torch.optim.Optimizer):
    """Nesterov momentum whose update of a matrix is made nearly orthogonal.

    Source: K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024; learning rates
    are scaled as in J. Liu et al., "Muon is scalable for LLM training", 2025, so that those of AdamW fit.
    ``torch.optim.Muon`` computes the same, but always in bfloat16.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], *, weight_decay: float, dtype: torch.dtype) -> None:
        """Optimize matrices.

        Args:
            groups: Parameters of two dimensions with their learning rates, as ``params`` and ``lr``.
            weight_decay: Share of a weight, times the learning rate, that is taken off at each step.
            dtype: What updates are computed in.
        """
        super().__init__(groups, {"lr": 1e-3, "weight_decay": weight_decay})
        self._dtype = dtype

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Apply the gradients."""
        for group in self.param_groups:
            for matrix in group["params"]:
                if matrix.grad is None:
                    continue
                state = self.state[matrix]
                if not state:
                    state["momentum"] = torch.zeros_like(matrix.grad)
                state["momentum"].lerp_(matrix.grad, 1 - MOMENTUM)
                update = orthogonalize(matrix.grad.lerp(state["momentum"], MOMENTUM), self._dtype)
                matrix.mul_(1 - group["lr"] * group["weight_decay"])
                matrix.add_(update, alpha=-group["lr"] * 0.2 * math.sqrt(max(matrix.shape)))


def orthogonalize(matrix: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Bring the singular values of a matrix near 1, by Newton-Schulz steps.

    Args:
        matrix: Of any shape.
        dtype: What is computed in, and what is returned.
    """
    is_tall = matrix.shape[0] > matrix.shape[1]
    # A copy: it is changed in place.
    result = matrix.to(dtype, copy=True)
    result = result.T if is_tall else result
    # No singular value is larger than the norm.
    result.div_(result.norm().clamp(min=LEAST_NORM))
    linear, cubic, quintic = COEFFICIENTS
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = result @ result.T
        polynomial = torch.addmm(gram, gram, gram, beta=cubic, alpha=quintic)
        result = torch.addmm(result, polynomial, result, beta=linear)
    return result.T if is_tall else result
