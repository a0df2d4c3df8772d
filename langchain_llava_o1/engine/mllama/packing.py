"""Weights laid out for a processor once, instead of at every call.

With few rows, reading the weights is what a linear layer costs, and oneDNN reads them several times faster
in its own layout.
"""

from typing import TYPE_CHECKING, cast

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from transformers import MllamaForConditionalGeneration

# oneDNN chooses the layout by the number of rows it is told to expect; this one suits a few and many.
_EXPECTED_ROWS = 4
# A smaller layer's weights stay near the processor anyway, and oneDNN's calls cost more than others.
_FEWEST_WEIGHTS = 2**18


class PackedLinear(nn.Module):
    """A linear layer whose weights are in oneDNN's layout."""

    def __init__(self, linear: nn.Linear) -> None:
        """Copy a layer's weights into the layout."""
        super().__init__()
        # torch offers oneDNN's layout by such names alone, and not in every build.
        reorder = torch.ops.mkldnn._reorder_linear_weight  # noqa: SLF001
        self._packed = reorder(linear.weight.detach(), _EXPECTED_ROWS)
        self._bias = None if linear.bias is None else linear.bias.detach()

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Apply the layer."""
        rows = states.flatten(0, -2)
        num_rows = len(rows)
        num_padding = -num_rows % _step(num_rows)
        if num_padding:
            rows = functional.pad(rows, (0, 0, 0, num_padding))
        apply = torch.ops.mkldnn._linear_pointwise  # noqa: SLF001
        result = apply(rows, self._packed, self._bias, "none", [], "")
        return cast("torch.Tensor", result[:num_rows].unflatten(0, states.shape[:-1]))


def _step(num_rows: int) -> int:
    """Round numbers of rows up to a few: oneDNN compiles a kernel for each number that it meets.

    With very many, adding rows costs more than that.
    """
    return 1 if num_rows <= 8 or num_rows > 2048 else 8 if num_rows <= 64 else 64


def pack_linear_layers(network: "MllamaForConditionalGeneration") -> None:
    """Pack the large linear layers of a network on a processor, in place, where torch can."""
    if network.device.type != "cpu" or not can_pack(network.dtype):
        return
    for parent in list(network.modules()):
        for name, layer in parent.named_children():
            # The weight of a quantized layer is a tensor of a kind of its own.
            if type(layer) is not nn.Linear or type(layer.weight) is not nn.Parameter:
                continue
            if layer.weight.numel() >= _FEWEST_WEIGHTS:
                setattr(parent, name, PackedLinear(layer))


def can_pack(dtype: torch.dtype) -> bool:
    """Return whether this processor packs layers of a precision.

    It is tried: which processors and precisions oneDNN packs for depends on how torch was built.
    """
    if dtype not in (torch.float32, torch.bfloat16) or not torch.backends.mkldnn.is_available():
        return False
    linear = nn.Linear(32, 16, dtype=dtype)
    states = torch.ones(2, 32, dtype=dtype)
    try:
        with torch.inference_mode():
            packed = PackedLinear(linear)(states)
            return torch.allclose(packed, functional.linear(states, linear.weight, linear.bias), atol=0.05)
    except (AttributeError, RuntimeError):
        return False
