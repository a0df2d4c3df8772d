"""How many rows fit beside each other on the device."""

from collections.abc import Iterable

import torch

from langchain_llava_o1.engine.mllama import Mllama
from langchain_llava_o1.engine.prefill import PreparedPrompt
from langchain_llava_o1.engine.request import Sampling

# Rows are copied when others join them, so that for a moment they are there twice.
_SHARE_OF_FREE_MEMORY = 0.4


class CacheBudget:
    """Counts the memory that rows will need for their keys and values.

    A CUDA device has a limit, taken from what is free once the model is loaded; others have none.
    """

    def __init__(self, model: Mllama) -> None:
        """Measure a loaded model and its device."""
        num_cross_layers = len(model.cross_layers)
        self._bytes_per_token: int = model.bytes_per_position * (model.num_layers - num_cross_layers)
        self._bytes_per_picture: int = (
            model.bytes_per_position * num_cross_layers * model.positions_per_picture
        )
        self.limit: float = float("inf")
        if model.device.type == "cuda":
            num_free_bytes: int = torch.cuda.mem_get_info(model.device)[0]
            self.limit = _SHARE_OF_FREE_MEMORY * num_free_bytes

    def bytes_of(self, prompt: PreparedPrompt, sampling: Sampling) -> int:
        """Most memory that a row takes before it ends."""
        num_tokens = len(prompt.token_ids) + sampling.max_tokens
        return num_tokens * self._bytes_per_token + len(prompt.pictures) * self._bytes_per_picture

    def allows(self, rows: Iterable[tuple[PreparedPrompt, Sampling]]) -> bool:
        """Whether rows fit beside each other. A single row is always tried."""
        sizes = [self.bytes_of(prompt, sampling) for prompt, sampling in rows]
        return len(sizes) <= 1 or sum(sizes) <= self.limit
