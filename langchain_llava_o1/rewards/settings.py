"""What a reward model is loaded and asked with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.pictures.policy import ImagePolicy

Kind = Literal["text", "value-head", "process"]
"""What a reward model is: ``HuggingFaceReward`` tells the kinds apart."""

KINDS: tuple[Kind, ...] = get_args(Kind)

_DTYPES = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class RewardSettings:
    """Settings of a reward model; ``HuggingFaceReward`` says what they mean."""

    model: str
    kind: Kind | None
    revision: str | None
    device: str | None
    dtype: str | None
    batch_size: int | None
    max_length: int
    max_pixels: int
    instruction: str
    image_policy: ImagePolicy

    def __post_init__(self) -> None:
        """Check them."""
        if not self.model.strip():
            raise ConfigurationError("The reward model's name is empty; give a hub id or a folder.")
        if self.kind not in (None, *KINDS):
            raise ConfigurationError(
                f"There is no kind of reward model {self.kind!r}; there are {', '.join(KINDS)}. "
                "Leave it out to go by the checkpoint."
            )
        for name in ("batch_size", "max_length", "max_pixels"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigurationError(f"{name} must be 1 or more, got {value}.")
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
