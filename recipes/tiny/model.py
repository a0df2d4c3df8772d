"""The shape of the embedded checkpoint, and an untrained model of that shape."""

import torch
from torch import nn
from transformers import MllamaConfig, MllamaForConditionalGeneration, PreTrainedTokenizerFast
from transformers.models.mllama.configuration_mllama import MllamaTextConfig, MllamaVisionConfig

from langchain_llava_o1.chat.profile import CONFIG_KEY
from langchain_llava_o1.engine.loading.precision import fastest_dtype
from langchain_llava_o1.staging import capabilities
from recipes.tiny.tokenizer import CONTEXT_LENGTH, IMAGE_EDGE

PATCH_EDGE = 14
GATE_OPENING = 0.5
HIDDEN_SIZE = 192
INTERMEDIATE_SIZE = 512
# A batch has thousands; this many are enough to see which precision is faster.
_ROWS_TO_MEASURE = 256


def make_model(tokenizer: PreTrainedTokenizerFast, seed: int) -> MllamaForConditionalGeneration:
    """Make an untrained model; its cross-attention gates are open so that the picture is seen.

    Mllama starts its gates at tanh(0): trained from scratch, no gradient would reach the
    vision tower through them.
    """
    torch.manual_seed(seed)
    vision = MllamaVisionConfig(
        hidden_size=128,
        num_hidden_layers=4,
        num_global_layers=2,
        attention_heads=4,
        intermediate_size=512,
        vision_output_dim=128 * 3,
        intermediate_layers_indices=[1, 3],
        image_size=IMAGE_EDGE,
        patch_size=PATCH_EDGE,
        max_num_tiles=1,
        supported_aspect_ratios=[[1, 1]],
    )
    text = MllamaTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=HIDDEN_SIZE,
        num_hidden_layers=7,
        num_attention_heads=4,
        num_key_value_heads=4,
        intermediate_size=INTERMEDIATE_SIZE,
        cross_attention_layers=[1, 4],
        max_position_embeddings=CONTEXT_LENGTH,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    image_token = tokenizer.convert_tokens_to_ids("<|image|>")
    assert isinstance(image_token, int)
    config = MllamaConfig(vision_config=vision, text_config=text, image_token_index=image_token)
    # A word sees the picture shown last before it alone, and drawn pictures are all that is learned.
    setattr(config, CONFIG_KEY, {capabilities.PICTURES_ONLY: True, capabilities.SINGLE_TURN: True})
    model = MllamaForConditionalGeneration(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith(("cross_attn_attn_gate", "cross_attn_mlp_gate", "gate_attn", "gate_ffn")):
                parameter.fill_(GATE_OPENING)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    return model


def move(model: MllamaForConditionalGeneration, target: str | torch.dtype) -> MllamaForConditionalGeneration:
    """Move a model to a device or a number type, in place (the method of transformers is mistyped)."""
    nn.Module.to(model, target)
    return model


def fastest_training_dtype(device: str) -> torch.dtype:
    """Choose what products are computed in while the model learns; its weights are float32.

    Returns:
        bfloat16 on a processor where a measurement finds it clearly faster than float32, else float32: a GPU
        spends more time on asking for so small products than on computing them.
    """
    if torch.device(device).type != "cpu":
        return torch.float32
    return fastest_dtype(HIDDEN_SIZE, INTERMEDIATE_SIZE, _ROWS_TO_MEASURE)
