"""What training takes of a GPU, computed from a model's sizes; nothing is measured."""

from dataclasses import dataclass

from langchain_llava_o1.errors import ConfigurationError

_FLOAT32 = 4
_BFLOAT16 = 2
_ADAM_BYTES = 2 * _FLOAT32
"""Both averages of a weight."""

_GB = 1e9


@dataclass(frozen=True)
class ModelSizes:
    """Sizes of a model to be trained.

    Attributes:
        weights: In all.
        vision_weights: Of the vision tower.
        layers: Text layers.
        hidden: Width of the text layers.
        intermediate: Width inside their MLPs.
        vocabulary: Tokens that are predicted.
        adapter_inputs: Sum of the widths on both sides of all text layers' linear maps: a LoRA adapter has
            ``rank`` weights for each.
        picture_positions: Positions of one picture, which text layers attend to.
        vision_layers: Layers of the vision tower, global ones included.
        vision_hidden: Their width.
    """

    weights: float
    vision_weights: float
    layers: int
    hidden: int
    intermediate: int
    vocabulary: int
    adapter_inputs: int
    picture_positions: int
    vision_layers: int
    vision_hidden: int


LLAMA_3_2_11B = ModelSizes(
    weights=10.67e9,
    vision_weights=0.9e9,
    layers=40,
    hidden=4096,
    intermediate=14336,
    vocabulary=128256,
    # q and o are hidden x hidden, k and v hidden x 1024, three maps of the MLP hidden x intermediate.
    adapter_inputs=40 * (2 * (4096 + 4096) + 2 * (4096 + 1024) + 3 * (4096 + 14336)),
    picture_positions=4 * 1601,
    vision_layers=40,
    vision_hidden=1280,
)
"""Llama-3.2-11B-Vision, from its published configuration."""


@dataclass(frozen=True)
class TrainingPlan:
    """What one GPU of several holds and does.

    Attributes:
        gpus: How many share the work.
        lora_rank: Of the adapters; None where all weights are trained.
        weights_gb: Weights, whole or this GPU's share.
        gradients_gb: Gradients.
        optimizer_gb: Both averages of AdamW.
        activations_gb: Of one batch, with activation checkpointing: each layer's input, one layer in full,
            and the logits in float32.
        host_gb: Main memory: each process loads the whole checkpoint before the GPUs share it.
        hours: For all samples, at a share of the GPUs' peak.
    """

    gpus: int
    lora_rank: int | None
    weights_gb: float
    gradients_gb: float
    optimizer_gb: float
    activations_gb: float
    host_gb: float
    hours: float

    @property
    def total_gb(self) -> float:
        """Of one GPU, without what libraries take for themselves."""
        return self.weights_gb + self.gradients_gb + self.optimizer_gb + self.activations_gb


def plan_training(
    sizes: ModelSizes = LLAMA_3_2_11B,
    *,
    gpus: int,
    lora_rank: int | None = None,
    samples: int = 98_000,
    epochs: float = 3.0,
    tokens: int = 1024,
    batch_size: int = 4,
    peak_flops: float = 989e12,
    utilization: float = 0.35,
) -> TrainingPlan:
    """Compute memory and time.

    With several GPUs weights, gradients and averages are spread over them (FSDP), and those of one layer are
    gathered where they are needed. A token of text takes six operations for each weight of the text layers,
    eight with checkpointed activations, and four or six where the weights themselves are not trained; the
    vision tower sees each picture once forwards, and backwards where it is trained.

    Args:
        sizes: The model's.
        gpus: How many.
        lora_rank: Of the adapters; None trains all weights.
        samples: Questions.
        epochs: How often each is seen.
        tokens: Tokens of a sample, the question included.
        batch_size: Samples that a GPU takes at once.
        peak_flops: Operations of a GPU in a second, in bfloat16; an H100's by default.
        utilization: Share of the peak that is reached.

    Raises:
        ConfigurationError: If there is no GPU.
    """
    if gpus < 1:
        raise ConfigurationError(f"gpus must be 1 or more, got {gpus!r}.")
    trained = sizes.weights if lora_rank is None else float(lora_rank * sizes.adapter_inputs)
    kept = 0.0 if lora_rank is None else sizes.weights * _BFLOAT16
    layer = (sizes.weights - sizes.vision_weights) / sizes.layers
    gathered = layer * _FLOAT32 if gpus > 1 else 0.0
    positions = batch_size * tokens
    per_layer = positions * sizes.hidden * _BFLOAT16
    inside = positions * (8 * sizes.hidden + 3 * sizes.intermediate) * _BFLOAT16
    pictures = batch_size * sizes.picture_positions * sizes.hidden * _BFLOAT16
    if lora_rank is None:
        pictures += (
            batch_size * sizes.picture_positions * sizes.vision_hidden * sizes.vision_layers * _BFLOAT16
        )
    logits = 2 * positions * sizes.vocabulary * _FLOAT32
    text = sizes.weights - sizes.vision_weights
    # Forwards twice for checkpointed activations, backwards through the inputs, and through the weights.
    passes = 2 * (2 + 1 + (1 if lora_rank is None else 0))
    vision_passes = 2 * (4 if lora_rank is None else 1)
    operations = (
        samples
        * epochs
        * (passes * text * tokens + vision_passes * sizes.vision_weights * sizes.picture_positions)
    )
    return TrainingPlan(
        gpus=gpus,
        lora_rank=lora_rank,
        weights_gb=((kept + trained * _FLOAT32) / gpus + gathered) / _GB,
        gradients_gb=trained * _FLOAT32 / gpus / _GB,
        optimizer_gb=trained * _ADAM_BYTES / gpus / _GB,
        activations_gb=(per_layer * sizes.layers + inside + pictures + logits) / _GB,
        host_gb=gpus * (trained * _FLOAT32 if lora_rank is None else kept) / _GB,
        hours=operations / (gpus * peak_flops * utilization) / 3600,
    )


def describe_plans() -> str:
    """Write what the 11B model takes, for people: all weights and adapters, on several numbers of GPUs."""
    lines = [
        "Llama-3.2-11B-Vision on 98,000 questions of 1,024 tokens, three epochs, on H100s; computed:",
        "",
        f"{'GPUs':<6}{'trained':<14}{'GB of each GPU':>16}{'GB of RAM':>11}{'hours':>8}",
    ]
    for rank, what in ((None, "all weights"), (16, "LoRA, rank 16")):
        for gpus in (1, 4, 8):
            plan = plan_training(gpus=gpus, lora_rank=rank, batch_size=4 if rank is None else 1)
            lines.append(f"{gpus:<6}{what:<14}{plan.total_gb:>16.0f}{plan.host_gb:>11.0f}{plan.hours:>8.1f}")
    return "\n".join(lines) + "\n"
