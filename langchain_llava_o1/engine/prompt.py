"""Prompts before and after the model has read them."""

from dataclasses import dataclass
from typing import NamedTuple

import torch

from langchain_llava_o1.engine.cache.states import States
from langchain_llava_o1.engine.cross_attention import PictureKeys, PromptCrossAttention
from langchain_llava_o1.pictures.picture import Picture


class PromptKey(NamedTuple):
    """What two prompts must share to have the same keys and values."""

    pictures: PictureKeys
    token_ids: tuple[int, ...]


@dataclass(frozen=True)
class PreparedPrompt:
    """A prompt whose pictures are decoded.

    Attributes:
        token_ids: The tokens.
        pictures: The picture of each image token.
    """

    token_ids: tuple[int, ...]
    pictures: tuple[Picture, ...]

    @property
    def key(self) -> PromptKey:
        """Equal for prompts with equal states."""
        return PromptKey(tuple(picture.key for picture in self.pictures), self.token_ids)


@dataclass(frozen=True)
class PrefilledPrompt:
    """A prompt and what the model computed from it.

    Attributes:
        parts: States of its tokens, to be joined.
        logits: Float32 ``[vocabulary]`` for the token after it.
        cross_attention: The pictures that its tokens attend to.
        num_cached: How many of its tokens had been read before.
    """

    parts: tuple[States, ...]
    logits: torch.Tensor
    cross_attention: PromptCrossAttention
    num_cached: int


class ScoreJob(NamedTuple):
    """A prompt and the tokens of texts that may follow it, at least one each."""

    prompt: PreparedPrompt
    continuations: tuple[tuple[int, ...], ...]
