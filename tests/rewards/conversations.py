"""Conversations about pictures, and what a saved model makes of them by itself."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from PIL import Image
from transformers import AutoImageProcessor, AutoTokenizer, Qwen2_5_VLForConditionalGeneration

from langchain_llava_o1 import image_block

ANSWERS = (
    "<SUMMARY>Count.</SUMMARY>",
    "<SUMMARY>Count.</SUMMARY>\n\n<CAPTION>Two red cats on a blue table.</CAPTION>",
    "There are two.",
)


def drawn(colour: str, size: tuple[int, int] = (56, 84)) -> bytes:
    """Return a picture whose upper half is black."""
    image = Image.new("RGB", size, colour)
    image.paste("black", (0, 0, size[0], size[1] // 2))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def conversation(answer: str, *pictures: bytes) -> list[BaseMessage]:
    blocks: list[Any] = [image_block(picture) for picture in pictures]
    return [HumanMessage([*blocks, {"type": "text", "text": "How many cats?"}]), AIMessage(answer)]


class SavedModel:
    """A checkpoint, loaded and asked with nothing but transformers, one text at a time and unpadded."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.image_processor = AutoImageProcessor.from_pretrained(folder)
        self.model = Qwen2_5_VLForConditionalGeneration.from_pretrained(folder).eval()

    def read(self, text: str, pictures: Sequence[bytes]) -> Any:
        """Return the outputs for a text in which each ``<|image_pad|>`` stands for a picture."""
        images = [Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]
        inputs: dict[str, Any] = {}
        if images:
            inputs |= self.image_processor(images=images, return_tensors="pt")
            for grid in inputs["image_grid_thw"].tolist():
                text = text.replace("<|image_pad|>", "<image>" * (grid[0] * grid[1] * grid[2] // 4), 1)
        ids = self.tokenizer(text.replace("<image>", "<|image_pad|>"), return_tensors="pt")["input_ids"]
        image_id = self.tokenizer.convert_tokens_to_ids("<|image_pad|>")
        with torch.inference_mode():
            return self.model(
                input_ids=ids,
                mm_token_type_ids=(ids == image_id).int(),
                output_hidden_states=True,
                **inputs,
            )
