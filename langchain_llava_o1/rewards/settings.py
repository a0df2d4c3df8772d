"""What a reward model is loaded and asked with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.staging.prompts import PROCESS_INSTRUCTION

Kind = Literal["text", "value-head", "process"]
"""What a reward model is: ``HuggingFaceReward`` tells the kinds apart."""

KINDS: tuple[Kind, ...] = get_args(Kind)

MAX_LENGTH = 4096
# 1280 of the squares of 28 x 28 pixels that a model of the Qwen2.5-VL kind sees as a token.
MAX_PIXELS = 1280 * 28 * 28

_DTYPES = ("float32", "bfloat16", "float16")
_NUMBERS = ("batch_size", "max_length", "min_pixels", "max_pixels")
NAMED_SETTINGS = ("device", "dtype", *_NUMBERS, "instruction", "revision")
"""The settings that a judge's full name may have."""


@dataclass(frozen=True)
class RewardSettings:
    """Settings of a reward model; ``HuggingFaceReward`` says what they mean."""

    model: str
    kind: Kind | None = None
    revision: str | None = None
    device: str | None = None
    dtype: str | None = None
    batch_size: int | None = None
    max_length: int = MAX_LENGTH
    min_pixels: int | None = None
    max_pixels: int = MAX_PIXELS
    instruction: str = PROCESS_INSTRUCTION
    image_policy: ImagePolicy = field(default_factory=ImagePolicy.from_environment)

    def __post_init__(self) -> None:
        """Check them."""
        if not self.model.strip():
            raise ConfigurationError("The reward model's name is empty; give a hub id or a folder.")
        if self.kind not in (None, *KINDS):
            raise ConfigurationError(
                f"There is no kind of reward model {self.kind!r}; there are {', '.join(KINDS)}. "
                "Leave it out to go by the checkpoint."
            )
        for name in _NUMBERS:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigurationError(f"{name} must be 1 or more, got {value}.")
        if self.min_pixels is not None and self.min_pixels > self.max_pixels:
            raise ConfigurationError(
                f"min_pixels is {self.min_pixels}, more than max_pixels, {self.max_pixels}. Lower it, or "
                "raise the other one."
            )
        if self.dtype not in (None, *_DTYPES):
            raise ConfigurationError(
                f"dtype is {self.dtype!r}; use {', '.join(map(repr, _DTYPES))}, or None for the "
                "checkpoint's own."
            )

    @property
    def source(self) -> dict[str, Any]:
        """Where to load from, as arguments of ``from_pretrained``."""
        folder = Path(self.model).expanduser()
        name = str(folder) if folder.exists() else self.model
        return {"pretrained_model_name_or_path": name, "revision": self.revision or "main"}


def read_named_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Read settings by their names, numbers also where they are texts.

    Raises:
        ConfigurationError: If there is no such setting, or it cannot work.
    """
    settings: dict[str, Any] = {}
    for name, value in given.items():
        if name not in NAMED_SETTINGS:
            raise ConfigurationError(
                f"A reward model has no setting {name!r}; it has {', '.join(NAMED_SETTINGS)}."
            )
        if name not in _NUMBERS:
            settings[name] = str(value)
        elif str(value).strip().isdecimal():
            settings[name] = int(value)
        else:
            raise ConfigurationError(f"{name} must be a whole number, 1 or more, got {value!r}.")
        if not str(value).strip():
            raise ConfigurationError(f"{name} is empty; give it a value, or leave it out.")
    # What is wrong with a value is told at once, before any model is loaded.
    RewardSettings("any", **settings)
    return settings
