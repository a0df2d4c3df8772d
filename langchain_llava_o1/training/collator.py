"""Samples as a batch of tensors for transformers' Mllama."""

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers.models.mllama.processing_mllama import (
    convert_sparse_cross_attention_mask_to_dense,
    get_cross_attention_token_mask,
)

from langchain_llava_o1.training.dialogue import IGNORED, Sample


class SampleCollator:
    """Pads samples on the right and lays out which pictures their tokens attend to.

    Attributes:
        image_processor: The checkpoint's.
        image_token_id: The token that stands for a picture.
        pad_token_id: The token that fills samples up.
    """

    def __init__(self, image_processor: Any, *, image_token_id: int, pad_token_id: int) -> None:
        """Take what prepares a checkpoint's pictures, and two of its tokens.

        Args:
            image_processor: The checkpoint's.
            image_token_id: The token that stands for a picture; it may lie outside the vocabulary that is
                predicted, and never is a label.
            pad_token_id: The token that fills samples up.
        """
        self.image_processor = image_processor
        self.image_token_id = image_token_id
        self.pad_token_id = pad_token_id

    def __call__(self, samples: Sequence[Sample]) -> dict[str, torch.Tensor]:
        """Make a batch.

        Returns:
            ``input_ids``, ``attention_mask`` and ``labels``, ``[samples, tokens]``; where any sample has a
            picture ``pixel_values`` ``[samples, pictures, tiles, 3, height, width]``, ``aspect_ratio_ids``,
            ``aspect_ratio_mask``, and ``cross_attention_mask`` ``[samples, tokens, pictures, tiles]``.
        """
        tokens = [torch.tensor(sample.token_ids) for sample in samples]
        batch = {
            "input_ids": pad_sequence(tokens, batch_first=True, padding_value=self.pad_token_id),
            "attention_mask": pad_sequence([torch.ones_like(each) for each in tokens], batch_first=True),
            "labels": pad_sequence(
                [torch.tensor(sample.labels) for sample in samples], batch_first=True, padding_value=IGNORED
            ),
        }
        if any(sample.pictures for sample in samples):
            batch |= self._show_pictures(samples, batch["input_ids"].shape[1])
        return batch

    def _show_pictures(self, samples: Sequence[Sample], num_tokens: int) -> dict[str, torch.Tensor]:
        images = [[picture.image for picture in sample.pictures] for sample in samples]
        features = self.image_processor(images, return_tensors="pt")
        visible = [
            get_cross_attention_token_mask(list(sample.token_ids), self.image_token_id) for sample in samples
        ]
        mask = convert_sparse_cross_attention_mask_to_dense(
            visible,
            num_tiles=features["num_tiles"],
            max_num_tiles=self.image_processor.max_image_tiles,
            length=num_tokens,
        )
        names = ("pixel_values", "aspect_ratio_ids", "aspect_ratio_mask")
        return {name: features[name] for name in names} | {"cross_attention_mask": torch.from_numpy(mask)}
