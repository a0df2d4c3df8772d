"""What a model is loaded with."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal

from langchain_llava_o1.errors import ConfigurationError

Quantization = Literal["8bit", "4bit"]
DeviceMap = str | Mapping[str, int | str] | tuple[tuple[str, int | str], ...]

DEFAULT_MAX_REQUESTS = 16_384
"""Enough for a batch of a thousand searches with all their candidates."""

_DTYPES = ("float32", "bfloat16", "float16")
_QUANTIZATIONS = ("8bit", "4bit")


@dataclass(frozen=True)
class CheckpointSettings:
    """What identifies loaded weights: equal settings share one engine.

    Attributes:
        model: A hub id or a local folder.
        device: "cuda", "cuda:1", "mps", "cpu"; None takes what the machine has.
        dtype: "float32", "bfloat16" or "float16"; None takes what suits the device.
        device_map: Passed to ``from_pretrained`` in place of ``device``; a mapping is kept as a
            tuple of its items, so that settings can be hashed.
        revision: Branch, tag or commit of a hub checkpoint.
        quantization: Keep the weights of the text layers in 8 or 4 bits; they compute in ``dtype``.
        adapter: A folder of LoRA adapters, as PEFT saves them, to be added to the weights as they are loaded.
    """

    model: str
    device: str | None = None
    dtype: str | None = None
    device_map: DeviceMap | None = None
    revision: str | None = None
    quantization: Quantization | None = None
    adapter: str | None = None

    def __post_init__(self) -> None:
        if not self.model:
            raise ConfigurationError("model must be a hub id or a folder, got an empty string.")
        if self.dtype is not None and self.dtype not in _DTYPES:
            raise ConfigurationError(f"dtype must be one of {', '.join(_DTYPES)}, got {self.dtype!r}.")
        if self.quantization is not None and self.quantization not in _QUANTIZATIONS:
            raise ConfigurationError(
                f"quantization must be one of {', '.join(_QUANTIZATIONS)}, got {self.quantization!r}."
            )
        if self.adapter is not None and self.quantization is not None:
            raise ConfigurationError(
                f"adapter={self.adapter!r} and quantization={self.quantization!r} exclude each other: "
                "adapters cannot be added to weights of few bits. Leave the quantization out."
            )
        if self.device is not None and self.device_map is not None:
            raise ConfigurationError(
                f"device={self.device!r} and device_map={self.device_map!r} exclude each other. Give one."
            )
        if isinstance(self.device_map, Mapping):
            object.__setattr__(self, "device_map", tuple(sorted(self.device_map.items())))


@dataclass(frozen=True)
class EngineSettings(CheckpointSettings):
    """What a caller wants of an engine: the weights, and the limits that it is to keep.

    Attributes:
        cache_bytes: Memory for text and pictures that were read before; None takes a share of what is free.
            Of all who share an engine, the largest wish counts.
        max_requests: Most requests under way at once of all who have this limit on an engine; more are
            refused.
        num_threads: How many threads compute on a processor; None measures how many are worth it. Of all who
            share an engine, the first wish counts.
    """

    cache_bytes: int | None = None
    max_requests: int = DEFAULT_MAX_REQUESTS
    num_threads: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cache_bytes is not None and self.cache_bytes < 0:
            raise ConfigurationError(
                f"cache_bytes must be 0 or more, got {self.cache_bytes!r}. None takes a share of free memory."
            )
        if self.max_requests < 1:
            raise ConfigurationError(f"max_requests must be 1 or more, got {self.max_requests!r}.")
        if self.num_threads is not None and self.num_threads < 1:
            raise ConfigurationError(
                f"num_threads must be 1 or more, got {self.num_threads!r}. None measures how many pay."
            )

    @property
    def checkpoint(self) -> CheckpointSettings:
        """What identifies the weights."""
        return CheckpointSettings(
            **{field.name: getattr(self, field.name) for field in fields(CheckpointSettings)}
        )
