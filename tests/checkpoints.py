"""Small Mllama checkpoints with random weights, saved as any other is."""

from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GenerationConfig,
    MllamaConfig,
    MllamaForConditionalGeneration,
    MllamaImageProcessorPil,
    MllamaProcessor,
    PreTrainedTokenizerFast,
)
from transformers.models.mllama.configuration_mllama import MllamaTextConfig, MllamaVisionConfig

SPECIAL_TOKENS = (
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<|image|>",
    "<|pad|>",
)

CHAT_TEMPLATE = (
    "{{- bos_token }}"
    "{%- for message in messages %}"
    "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' }}"
    "{%- if message['content'] is string %}{{- message['content'] | trim }}{%- else %}"
    "{%- for item in message['content'] %}"
    "{%- if item['type'] == 'image' %}{{- '<|image|>' }}{%- else %}{{- item['text'] | trim }}{%- endif %}"
    "{%- endfor %}{%- endif %}"
    "{{- '<|eot_id|>' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif %}"
)

_CORPUS = (
    "How many red circles are there in the picture? Subtract all small blue squares.",
    "<SUMMARY>I will count the shapes.</SUMMARY> <CAPTION>There is a red star.</CAPTION>",
    "<REASONING>Two and three make five.</REASONING> <CONCLUSION>The answer is five.</CONCLUSION>",
)


def save_random_checkpoint(
    folder: Path,
    *,
    max_num_tiles: int = 1,
    context_length: int = 512,
    num_key_heads: int = 2,
    seed: int = 0,
) -> Path:
    """Save a checkpoint that is like the embedded one in all but its weights, which are random.

    Args:
        folder: Where to save it.
        max_num_tiles: Tiles that a picture is cut into at most.
        context_length: Size of the context window.
        num_key_heads: Heads of keys, which the four heads of queries share.
        seed: Of the weights.
    """
    tokenizer = _train_tokenizer()
    image_processor = MllamaImageProcessorPil(size={"height": 28, "width": 28}, max_image_tiles=max_num_tiles)
    processor = MllamaProcessor(image_processor, tokenizer, chat_template=CHAT_TEMPLATE)
    processor.save_pretrained(folder)
    torch.manual_seed(seed)
    model = MllamaForConditionalGeneration(_config(tokenizer, max_num_tiles, context_length, num_key_heads))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "gate" in name and parameter.numel() == 1:
                parameter.fill_(0.8)  # closed gates would let no picture through
    model.generation_config = GenerationConfig(
        eos_token_id=[_id_of(tokenizer, "<|eot_id|>"), _id_of(tokenizer, "<|end_of_text|>")],
        bos_token_id=_id_of(tokenizer, "<|begin_of_text|>"),
        pad_token_id=_id_of(tokenizer, "<|pad|>"),
    )
    model.save_pretrained(folder)
    return folder


def _config(
    tokenizer: PreTrainedTokenizerFast, max_num_tiles: int, context_length: int, num_key_heads: int
) -> MllamaConfig:
    supported = [
        [width, height]
        for width in range(1, max_num_tiles + 1)
        for height in range(1, max_num_tiles + 1)
        if width * height <= max_num_tiles
    ]
    vision = MllamaVisionConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_global_layers=1,
        attention_heads=2,
        intermediate_size=64,
        vision_output_dim=64,
        image_size=28,
        patch_size=14,
        max_num_tiles=max_num_tiles,
        intermediate_layers_indices=[0],
        supported_aspect_ratios=supported,
        initializer_range=0.2,
    )
    text = MllamaTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=num_key_heads,
        intermediate_size=128,
        max_position_embeddings=context_length,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        cross_attention_layers=[1, 3],
        bos_token_id=_id_of(tokenizer, "<|begin_of_text|>"),
        eos_token_id=_id_of(tokenizer, "<|eot_id|>"),
        pad_token_id=_id_of(tokenizer, "<|pad|>"),
        initializer_range=0.2,
    )
    return MllamaConfig(
        vision_config=vision, text_config=text, image_token_index=_id_of(tokenizer, "<|image|>")
    )


def _train_tokenizer() -> PreTrainedTokenizerFast:
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS],
        show_progress=False,
    )
    backend.train_from_iterator(_CORPUS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<|begin_of_text|>",
        eos_token="<|eot_id|>",
        pad_token="<|pad|>",
        clean_up_tokenization_spaces=False,
    )


def _id_of(tokenizer: PreTrainedTokenizerFast, token: str) -> int:
    token_id = tokenizer.convert_tokens_to_ids(token)
    assert isinstance(token_id, int)
    return token_id
