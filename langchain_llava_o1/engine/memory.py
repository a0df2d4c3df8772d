"""How much of the device's memory sequences and caches may take."""

from collections.abc import Iterable
from typing import NamedTuple

import psutil
import torch

from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.prompt import PreparedPrompt
from langchain_llava_o1.engine.request import Sampling

_SHARE_FOR_SEQUENCES = 0.4
_SHARE_FOR_TEXT = 0.2
_SHARE_FOR_PICTURES = 0.1


class CacheBytes(NamedTuple):
    """Memory for what was read before: text and pictures."""

    for_text: int
    for_pictures: int


class MemoryBudget:
    """Divides what is free once the model is loaded.

    Attributes:
        for_sequences: Bytes for the states of sequences that are being generated; limited only on CUDA.
    """

    def __init__(self, model: Mllama) -> None:
        """Measure a loaded model's device."""
        self._free = _free_bytes(model.device)
        self._bytes_per_token: int = model.bytes_per_position * len(model.text_devices)
        is_limited = model.device.type == "cuda"
        self.for_sequences: float = _SHARE_FOR_SEQUENCES * self._free if is_limited else float("inf")

    def caches(self, cache_bytes: int | None) -> CacheBytes:
        """Divide memory between remembered text and pictures.

        Args:
            cache_bytes: For both together; None takes a share of what was free.
        """
        remembered = _SHARE_FOR_TEXT + _SHARE_FOR_PICTURES
        total = remembered * self._free if cache_bytes is None else cache_bytes
        return CacheBytes(
            int(total * _SHARE_FOR_TEXT / remembered), int(total * _SHARE_FOR_PICTURES / remembered)
        )

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
