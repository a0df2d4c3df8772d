"""How much of the device's memory sequences and caches may take."""

from collections.abc import Iterable

import psutil
import torch

from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.prompt import PreparedPrompt
from langchain_llava_o1.engine.request import Sampling

_SHARE_FOR_SEQUENCES = 0.4
_SHARE_FOR_TEXT = 0.2
_SHARE_FOR_PICTURES = 0.1


class MemoryBudget:
    """Divides what is free once the model is loaded.

    Attributes:
        for_sequences: Bytes for the states of sequences that are being generated; limited only on CUDA.
        for_text: Bytes for remembered text.
        for_pictures: Bytes for remembered pictures.
    """

    def __init__(self, model: Mllama, *, cache_bytes: int | None = None) -> None:
        """Measure a loaded model's device.

        Args:
            model: The model.
            cache_bytes: Memory for remembered text and pictures together; None takes a share of what
                is free.
        """
        free = _free_bytes(model.device)
        self._bytes_per_token: int = model.bytes_per_position * len(model.text_devices)
        self.for_sequences: float = (
            _SHARE_FOR_SEQUENCES * free if model.device.type == "cuda" else float("inf")
        )
        remembered = _SHARE_FOR_TEXT + _SHARE_FOR_PICTURES
        for_caches = remembered * free if cache_bytes is None else cache_bytes
        self.for_text = int(for_caches * _SHARE_FOR_TEXT / remembered)
        self.for_pictures = int(for_caches * _SHARE_FOR_PICTURES / remembered)

    def bytes_of(self, prompt: PreparedPrompt, sampling: Sampling) -> int:
        """Most memory that a sequence takes before it ends."""
        return (len(prompt.token_ids) + sampling.max_tokens) * self._bytes_per_token

    def allows(self, sequences: Iterable[tuple[PreparedPrompt, Sampling]]) -> bool:
        """Whether sequences fit beside each other, in slots of one length. A single one is always tried."""
        sizes = [self.bytes_of(prompt, sampling) for prompt, sampling in sequences]
        return len(sizes) <= 1 or len(sizes) * max(sizes) <= self.for_sequences


def _free_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        free: int = torch.cuda.mem_get_info(device)[0]
        return free
    # Unlike what is unused, this counts files that the system keeps in memory only as long as there is room.
    available: int = psutil.virtual_memory().available
    return available
