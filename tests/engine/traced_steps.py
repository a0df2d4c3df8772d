"""Steps recorded where there is no GPU: as the list of operations on fixed memory that a CUDA graph is."""

from collections.abc import Callable
from typing import Any

import torch
from torch.fx.experimental.proxy_tensor import make_fx

from langchain_llava_o1.engine.mllama.cuda_graphs import Recorder
from langchain_llava_o1.engine.mllama.network import Mllama


class TracedStep:
    """Operations that are done again on the same tensors, without the code that chose them."""

    num_recorded = 0
    num_replayed = 0

    def __init__(self, step: Callable[[], torch.Tensor]) -> None:
        TracedStep.num_recorded += 1
        self._operations: Any = make_fx(step)()

    def replay(self) -> torch.Tensor:
        TracedStep.num_replayed += 1
        result: torch.Tensor = self._operations()
        return result


def choose_traced_steps(model: Mllama) -> Recorder:
    """Take the place of ``choose_recorder``."""
    return TracedStep
