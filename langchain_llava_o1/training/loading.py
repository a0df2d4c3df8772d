"""A checkpoint to be trained: its weights, and what prepares its input."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoProcessor, set_seed

from langchain_llava_o1.engine.chat_format import ChatFormat
from langchain_llava_o1.engine.loading.adapter import outdated_names_hidden
from langchain_llava_o1.engine.loading.checkpoint import Checkpoint, load_checkpoint
from langchain_llava_o1.engine.settings import CheckpointSettings
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.training.collator import SampleCollator
from langchain_llava_o1.training.parts import adapted_pattern, freeze
from langchain_llava_o1.training.settings import LoraSettings, TrainingSettings

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_INSTALL_TRAINING = 'pip install "langchain-llava-o1[train]"'


@dataclass(frozen=True)
class Trainee:
    """What is trained.

    Attributes:
        model: The weights; those that are to change ask for gradients.
        processor: Saved beside them.
        chat_format: Lays conversations out.
        collator: Makes batches.
        context_length: Most tokens in a row.
    """

    model: "PreTrainedModel"
    processor: Any
    chat_format: ChatFormat
    collator: SampleCollator
    context_length: int


def load_trainee(settings: TrainingSettings) -> Trainee:
    """Load a checkpoint to train all of its weights, or adapters beside them.

    Raises:
        ModelLoadError: If it cannot be found or read.
        ConfigurationError: If a library is missing.
    """
    # Adapters begin at random.
    set_seed(settings.seed)
    # Weights that change do so in float32: most steps are smaller than what bfloat16 can tell apart.
    is_half = settings.lora is not None and computes_in(settings) == torch.bfloat16
    checkpoint = load_checkpoint(
        CheckpointSettings(
            settings.model,
            device="cpu",
            dtype="bfloat16" if is_half else "float32",
            revision=settings.revision,
        )
    )
    text_config: Any = checkpoint.model.config.text_config
    model = checkpoint.model.requires_grad_(True)
    if settings.lora is None:
        freeze(model, settings.freeze)
    else:
        model = add_adapters(model, settings.lora)
        if settings.activation_checkpointing:
            model.enable_input_require_grads()
    return Trainee(
        model=model,
        processor=AutoProcessor.from_pretrained(settings.model, revision=settings.revision or "main"),
        chat_format=ChatFormat(checkpoint.tokenizer, checkpoint.chat_template, checkpoint.image_token_id),
        collator=create_collator(checkpoint),
        context_length=text_config.max_position_embeddings,
    )


def create_collator(checkpoint: Checkpoint) -> SampleCollator:
    """Make what batches the samples of a checkpoint."""
    pad = checkpoint.tokenizer.pad_token_id
    return SampleCollator(
        checkpoint.image_processor,
        image_token_id=checkpoint.image_token_id,
        # What fills a sample up is neither attended to nor learned, so any token does.
        pad_token_id=pad if pad is not None else min(checkpoint.end_ids),
    )


def computes_in(settings: TrainingSettings) -> torch.dtype:
    """Return the precision of the computation."""
    if settings.dtype is not None:
        dtype: torch.dtype = getattr(torch, settings.dtype)
        return dtype
    is_on_gpu = settings.device != "cpu" and torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    return torch.bfloat16 if is_on_gpu else torch.float32


def add_adapters(model: Any, lora: LoraSettings) -> Any:
    """Put adapters beside the layers of a model, whose own weights stay as they are.

    Raises:
        ConfigurationError: If PEFT is missing.
    """
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise ConfigurationError(f"Adapters need the package peft: {_INSTALL_TRAINING}.") from error
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=adapted_pattern(lora.parts),
        bias="none",
    )
    with outdated_names_hidden():
        return get_peft_model(model, config)
