"""The tokenizer and processor of the embedded checkpoint: byte-level BPE with the Llama-3 chat format."""

from collections.abc import Iterable

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import MllamaProcessor, PreTrainedTokenizerFast
from transformers.models.mllama.image_processing_pil_mllama import MllamaImageProcessorPil

from langchain_llava_o1.drawn.canvas import COLOURS
from langchain_llava_o1.drawn.scenes import SHAPES, SIZES
from langchain_llava_o1.staging.stages import STAGES

IMAGE_EDGE = 140
VOCABULARY_SIZE = 1280
CONTEXT_LENGTH = 4096
SPECIAL_TOKENS = (
    "<|pad|>",
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<|image|>",
)
STAGE_TAGS = tuple(tag for stage in STAGES for tag in (stage.opening, stage.closing))

# Letters and digits stay together, so that an address such as " B2" is one token. So does an object
# described in full: what is at a place is then one token, which a small model soon learns to look up.
_OBJECT = f"(?:{'|'.join(SIZES)}) (?:{'|'.join(COLOURS)}) (?:{'|'.join(SHAPES)})"
_WORDS = rf" {_OBJECT}(?![\p{{L}}\p{{N}}])| ?[\p{{L}}\p{{N}}]+| ?[^\s\p{{L}}\p{{N}}]+|\s+"

CHAT_TEMPLATE = (
    "{{- bos_token }}"
    "{%- for message in messages %}"
    "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' }}"
    "{%- if message['content'] is string %}{{- message['content'] }}"
    "{%- else %}{%- for part in message['content'] %}"
    "{%- if part['type'] == 'image' %}{{- '<|image|>' }}"
    "{%- elif part['type'] == 'text' %}{{- part['text'] }}{%- endif %}"
    "{%- endfor %}{%- endif %}{{- '<|eot_id|>' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif %}"
)


def train_tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """Learn a byte-level BPE from texts; any other text falls back to its bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        special_tokens=[*SPECIAL_TOKENS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    # Stage tags are single tokens but not special: they stay in decoded text.
    tokenizer.add_tokens([AddedToken(tag, special=False, normalized=False) for tag in STAGE_TAGS])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|begin_of_text|>",
        eos_token="<|eot_id|>",
        pad_token="<|pad|>",
        extra_special_tokens=["<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|image|>"],
        chat_template=CHAT_TEMPLATE,
        model_max_length=CONTEXT_LENGTH,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )


def make_processor(tokenizer: PreTrainedTokenizerFast) -> MllamaProcessor:
    """Join the tokenizer with an image processor for one tile of ``IMAGE_EDGE`` pixels."""
    images = MllamaImageProcessorPil(
        size={"height": IMAGE_EDGE, "width": IMAGE_EDGE},
        max_image_tiles=1,
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
    )
    return MllamaProcessor(image_processor=images, tokenizer=tokenizer, chat_template=CHAT_TEMPLATE)
