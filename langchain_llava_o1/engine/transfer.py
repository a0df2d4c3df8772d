"""Numbers from the host to the device, without waiting for what the device is doing."""

from collections.abc import Sequence

import torch


def send(numbers: Sequence[float] | Sequence[Sequence[int]], device: torch.device) -> torch.Tensor:
    """Make a tensor of integers, floats or booleans on a device.

    Copied from pinned memory, what the device has still to do before it is not waited for.
    """
    if device.type != "cuda":
        return torch.tensor(numbers, device=device)
    return torch.tensor(numbers, pin_memory=True).to(device, non_blocking=True)
