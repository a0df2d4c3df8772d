"""Checkpoints of several sizes with random weights: speed does not depend on what the weights say."""

from dataclasses import dataclass, replace

import torch
from transformers import MllamaConfig, MllamaForConditionalGeneration
from transformers.models.mllama.configuration_mllama import MllamaTextConfig, MllamaVisionConfig
from transformers.models.mllama.image_processing_pil_mllama import MllamaImageProcessorPil

from langchain_llava_o1.engine.loading.checkpoint import Checkpoint, load_checkpoint
from langchain_llava_o1.engine.loading.placement import choose_dtype
from langchain_llava_o1.engine.settings import EngineSettings
from langchain_llava_o1.evaluation.speed import Shape
from langchain_llava_o1.tiny import checkpoint_path


@dataclass(frozen=True)
class _Sizes:
    vocabulary: int
    hidden: int
    layers: int
    picture_layers: tuple[int, ...]
    heads: int
    key_heads: int
    intermediate: int
    vision_hidden: int
    vision_layers: int
    vision_global_layers: int
    vision_intermediate: int
    vision_heads: int
    intermediate_indices: tuple[int, ...]
    tile_edge: int


_SIZES = {
    Shape.SMALL: _Sizes(
        vocabulary=16_384,
        hidden=1024,
        layers=16,
        picture_layers=(3, 8, 13),
        heads=16,
        key_heads=4,
        intermediate=2816,
        vision_hidden=512,
        vision_layers=6,
        vision_global_layers=2,
        vision_intermediate=2048,
        vision_heads=8,
        intermediate_indices=(1, 3),
        tile_edge=448,
    ),
    # As the published checkpoint, Xkev/Llama-3.2V-11B-cot.
    Shape.ELEVEN_BILLION: _Sizes(
        vocabulary=128_256,
        hidden=4096,
        layers=40,
        picture_layers=(3, 8, 13, 18, 23, 28, 33, 38),
        heads=32,
        key_heads=8,
        intermediate=14_336,
        vision_hidden=1280,
        vision_layers=32,
        vision_global_layers=8,
        vision_intermediate=5120,
        vision_heads=16,
        intermediate_indices=(3, 7, 15, 23, 30),
        tile_edge=560,
    ),
}
_MAX_TILES = 4
_CONTEXT_LENGTH = 8192


def open_checkpoint(source: Shape | str, *, device: str | None, dtype: torch.dtype | None) -> Checkpoint:
    """Load a checkpoint, or make one of a shape.

    Rows of it never end by themselves, so that every way of running it generates as many tokens.

    Args:
        source: A shape, a hub id or a folder.
        device: As ``EngineSettings.device``.
        dtype: What it computes in; None takes what the engine takes by itself.
    """
    is_random = isinstance(source, Shape) and source is not Shape.TINY
    folder = str(checkpoint_path()) if isinstance(source, Shape) else source
    precision = None if dtype is None else str(dtype).removeprefix("torch.")
    settings = EngineSettings(folder, device=device, dtype=precision)
    loaded = replace(load_checkpoint(settings), end_ids=frozenset())
    return _with_random_weights(loaded, Shape(source), dtype) if is_random else loaded


def _with_random_weights(tiny: Checkpoint, shape: Shape, dtype: torch.dtype | None) -> Checkpoint:
    """Give a checkpoint the tokenizer and template of another one, and a network of a shape."""
    sizes = _SIZES[shape]
    text = MllamaTextConfig(
        vocab_size=sizes.vocabulary,
        hidden_size=sizes.hidden,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        num_key_value_heads=sizes.key_heads,
        intermediate_size=sizes.intermediate,
        cross_attention_layers=list(sizes.picture_layers),
        max_position_embeddings=_CONTEXT_LENGTH,
        rope_parameters={"rope_type": "default", "rope_theta": 500_000.0},
        pad_token_id=tiny.tokenizer.pad_token_id,
        bos_token_id=tiny.tokenizer.bos_token_id,
        eos_token_id=tiny.tokenizer.eos_token_id,
    )
    supported = [
        [width, height]
        for width in range(1, _MAX_TILES + 1)
        for height in range(1, _MAX_TILES + 1)
        if width * height <= _MAX_TILES
    ]
    vision = MllamaVisionConfig(
        hidden_size=sizes.vision_hidden,
        num_hidden_layers=sizes.vision_layers,
        num_global_layers=sizes.vision_global_layers,
        attention_heads=sizes.vision_heads,
        intermediate_size=sizes.vision_intermediate,
        vision_output_dim=sizes.vision_hidden * (1 + len(sizes.intermediate_indices)),
        intermediate_layers_indices=list(sizes.intermediate_indices),
        image_size=sizes.tile_edge,
        patch_size=14,
        max_num_tiles=_MAX_TILES,
        supported_aspect_ratios=supported,
    )
    config = MllamaConfig(vision_config=vision, text_config=text, image_token_index=tiny.image_token_id)
    torch.manual_seed(0)
    default_dtype = torch.get_default_dtype()
    torch.set_default_dtype(dtype or choose_dtype(tiny.model.device, text))
    try:
        # Made where it stays: a large one must not pass through the processor's memory first.
        with torch.device(tiny.model.device):
            # The way of transformers' own AutoModel to choose how it attends.
            model = MllamaForConditionalGeneration._from_config(config, attn_implementation="sdpa")  # noqa: SLF001
    finally:
        torch.set_default_dtype(default_dtype)
    processor = MllamaImageProcessorPil(
        size={"height": sizes.tile_edge, "width": sizes.tile_edge}, max_image_tiles=_MAX_TILES
    )
    return replace(tiny, model=model.eval().requires_grad_(False), image_processor=processor)
