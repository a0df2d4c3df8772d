"""The optimizer of every step: Muon for the weight matrices of the layers, AdamW for the rest."""

import math
import warnings
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from recipes.tiny.muon import Muon


class Optimizer:
    """Muon and AdamW as one, with warm-up, clipping and a linear decay at the end."""

    def __init__(
        self,
        groups: Iterable[tuple[nn.Module, float]],
        *,
        warmup: int,
        dtype: torch.dtype,
        weight_decay: float = 0.01,
    ) -> None:
        """Optimize modules.

        Args:
            groups: Modules with their peak learning rates.
            warmup: Steps over which learning rates rise from zero.
            dtype: What updates of matrices are computed in.
            weight_decay: Of matrices.
        """
        matrices: list[tuple[nn.Parameter, float]] = []
        others: list[tuple[nn.Parameter, float]] = []
        self._parameters: list[nn.Parameter] = []
        for module, rate in groups:
            embeddings = {id(layer.weight) for layer in module.modules() if isinstance(layer, nn.Embedding)}
            for name, parameter in module.named_parameters():
                if not parameter.requires_grad:
                    continue
                self._parameters.append(parameter)
                is_matrix = parameter.ndim == 2 and id(parameter) not in embeddings and "head" not in name
                (matrices if is_matrix and "embedding" not in name else others).append((parameter, rate))
        self._optimizers: list[torch.optim.Optimizer] = [
            Muon(
                [{"params": [parameter], "lr": rate} for parameter, rate in matrices],
                weight_decay=weight_decay,
                dtype=dtype,
            ),
            torch.optim.AdamW(
                [{"params": [parameter], "lr": rate} for parameter, rate in others],
                lr=1e-3,
                betas=(0.9, 0.98),
                weight_decay=0.0,
            ),
        ]
        self._peaks = [[group["lr"] for group in optimizer.param_groups] for optimizer in self._optimizers]
        self._warmup = warmup
        self._steps = 0

    def state_dict(self) -> dict[str, Any]:
        """Return what is needed to go on later."""
        return {"steps": self._steps, "optimizers": [each.state_dict() for each in self._optimizers]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned."""
        self._steps = state["steps"]
        for optimizer, own in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(own)

    def step(self, progress: float, *, decay_from: float = 1.0) -> float:
        """Apply the gradients and clear them; gradients that are not finite are not applied.

        Args:
            progress: How much of the whole step is done, 0 to 1.
            decay_from: Progress from which learning rates fall linearly to zero.

        Returns:
            The norm of the gradients before clipping.
        """
        self._steps += 1
        factor = min(1.0, self._steps / self._warmup)
        if progress > decay_from:
            factor *= max(0.0, (1.0 - progress) / (1.0 - decay_from))
        norm = float(nn.utils.clip_grad_norm_(self._parameters, 1.0))
        if not math.isfinite(norm):
            warnings.warn(f"step {self._steps}: gradients of norm {norm} are left out", stacklevel=2)
        for optimizer, peaks in zip(self._optimizers, self._peaks, strict=True):
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * factor
            if math.isfinite(norm):
                optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return norm
