"""How a model is trained, checked before hours are spent on it."""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from langchain_llava_o1.engine.settings import CheckpointSettings
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.training.parts import (
    DEFAULT_ADAPTED,
    FREEZABLE,
    adapted_pattern,
    check_parts,
)

Dtype = Literal["float32", "bfloat16"]


def _check(name: str, value: object, is_good: bool, expected: str) -> None:
    if not is_good:
        raise ConfigurationError(f"{name} must be {expected}, got {value!r}.")


@dataclass(frozen=True)
class LoraSettings:
    """Adapters of low rank beside the weights, which stay as they are (LoRA, arXiv 2106.09685).

    Attributes:
        rank: Of each adapter.
        alpha: Adapters count ``alpha / rank`` times.
        dropout: Share of an adapter's input that is left out at random.
        parts: What is adapted, by name (``training/parts.py``).
    """

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    parts: tuple[str, ...] = DEFAULT_ADAPTED

    def __post_init__(self) -> None:
        _check("lora rank", self.rank, self.rank >= 1, "1 or more")
        _check("lora alpha", self.alpha, self.alpha >= 1, "1 or more")
        _check("lora dropout", self.dropout, 0 <= self.dropout < 1, "from 0 to below 1")
        adapted_pattern(self.parts)


@dataclass(frozen=True)
class TrainingSettings:
    """What training does; the defaults are those of the published recipe where it states them.

    Attributes:
        model: Hub id or folder of the checkpoint to begin from.
        revision: Branch, tag or commit of a hub checkpoint.
        lora: How adapters are trained; None trains the weights themselves.
        freeze: Parts that stay as they are, by name (``training/parts.py``); not with adapters.
        epochs: How often every sample is seen.
        max_steps: Optimizer steps after which training ends; None goes by the epochs.
        learning_rate: Peak, which a cosine takes down to 0.
        warmup: Share of the steps in which the rate rises.
        weight_decay: Of AdamW.
        max_grad_norm: Longer gradients are cut to this length.
        batch_size: Samples that one device takes at once.
        accumulation: Batches of each device to one optimizer step.
        max_tokens: Longer samples are left out.
        any_answers: Whether answers that are not in whole stages are learned as they stand, not left out.
        held_out: Examples, drawn with the seed, that are not learned but measured with; of pairs, questions
            with all their pairs.
        evaluate_every: Optimizer steps between two measurements; each is a place to go on from after a kill.
        accuracy_items: How many held-out questions are answered at each measurement; 0 measures the loss
            alone.
        patience: Measurements without a new best one after which training ends; None never does.
        dtype: Precision of the computation; None takes bfloat16 on a GPU, else float32. Weights that are
            trained are kept in float32.
        activation_checkpointing: Compute activations twice and keep fewer of them.
        device: "cpu" trains there although there is a GPU; None takes what the machine has.
        num_workers: Processes of each device that read pictures.
        seed: Of the order, of what is held out, of dropout and adapters.
    """

    model: str
    revision: str | None = None
    lora: LoraSettings | None = None
    freeze: tuple[str, ...] = ()
    epochs: float = 3.0
    max_steps: int | None = None
    learning_rate: float = 1e-5
    warmup: float = 0.03
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    batch_size: int = 4
    accumulation: int = 1
    max_tokens: int = 4096
    any_answers: bool = False
    held_out: int = 0
    evaluate_every: int = 200
    accuracy_items: int = 0
    patience: int | None = None
    dtype: Dtype | None = None
    activation_checkpointing: bool = False
    device: Literal["cpu"] | None = None
    num_workers: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        CheckpointSettings(self.model)
        _check("dtype", self.dtype, self.dtype in (None, *get_args(Dtype)), " or ".join(get_args(Dtype)))
        check_parts(self.freeze, FREEZABLE, "freeze")
        if self.freeze and self.lora is not None:
            raise ConfigurationError(
                f"freeze={self.freeze!r} has no part in training adapters, which leaves all weights as they "
                "are. Leave it out, or choose the parts that are adapted (lora parts)."
            )
        for name in ("batch_size", "accumulation", "max_tokens", "evaluate_every"):
            _check(name, getattr(self, name), getattr(self, name) >= 1, "1 or more")
        for name in ("max_steps", "patience"):
            value = getattr(self, name)
            _check(name, value, value is None or value >= 1, "1 or more")
        for name in ("held_out", "accuracy_items", "num_workers", "weight_decay"):
            _check(name, getattr(self, name), getattr(self, name) >= 0, "0 or more")
        for name in ("epochs", "learning_rate", "max_grad_norm"):
            _check(name, getattr(self, name), getattr(self, name) > 0, "above 0")
        _check("warmup", self.warmup, 0 <= self.warmup < 1, "from 0 to below 1")
        if self.accuracy_items > self.held_out:
            raise ConfigurationError(
                f"accuracy_items={self.accuracy_items} needs as many held-out examples, got "
                f"held_out={self.held_out}. Hold out more, or answer fewer."
            )
        if self.patience is not None and not self.held_out:
            raise ConfigurationError(
                f"patience={self.patience} needs held-out examples to measure with, got held_out=0."
            )

    def as_json(self) -> dict[str, Any]:
        """Return plain data, as JSON reads it again."""
        plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        return plain


@dataclass(frozen=True)
class Preset:
    """Settings by a name.

    Attributes:
        description: What they are, in a line.
        values: Settings that differ from the defaults.
    """

    description: str
    values: dict[str, Any] = field(default_factory=dict)


PRESETS = {
    "llava-o1-11b": Preset(
        "The published recipe, for eight GPUs of 80 GB: all weights, three epochs, four samples a GPU.",
        {
            "model": "meta-llama/Llama-3.2-11B-Vision-Instruct",
            "epochs": 3.0,
            "learning_rate": 1e-5,
            "batch_size": 4,
            "max_tokens": 4096,
            "activation_checkpointing": True,
            "num_workers": 4,
        },
    ),
    "lora-11b": Preset(
        "Adapters of the text layers on one GPU of 80 GB.",
        {
            "model": "meta-llama/Llama-3.2-11B-Vision-Instruct",
            "lora": LoraSettings(),
            "learning_rate": 1e-4,
            "batch_size": 1,
            "accumulation": 16,
            "max_tokens": 4096,
            "activation_checkpointing": True,
            "num_workers": 4,
        },
    ),
}
"""All of them, by name."""
