"""Steps captured where there is no GPU: as the list of operations on fixed memory that a CUDA graph is."""

from collections.abc import Callable
from typing import Any

import torch
from torch.fx.experimental.proxy_tensor import make_fx

from langchain_llava_o1.engine.mllama.cuda_graphs import GraphCapture
from langchain_llava_o1.engine.mllama.network import Mllama


class TracedGraph:
    """Operations that are done again on the same tensors, without the code that chose them."""

    num_captured = 0
    num_replayed = 0

    def __init__(self, step: Callable[[], torch.Tensor]) -> None:
        TracedGraph.num_captured += 1
        self._operations: Any = make_fx(step)()

    def replay(self) -> torch.Tensor:
        TracedGraph.num_replayed += 1
        result: torch.Tensor = self._operations()
        return result


def choose_traced_graphs(model: Mllama) -> GraphCapture:
    """Take the place of ``choose_graph_capture``."""
    return TracedGraph
