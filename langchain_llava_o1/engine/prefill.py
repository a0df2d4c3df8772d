"""The first pass over prompts, several at once: their keys and values, and what may come next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from transformers.models.mllama.processing_mllama import get_cross_attention_token_mask

from langchain_llava_o1.engine.cache import create_cache
from langchain_llava_o1.engine.mllama import Mllama, Sight, additive_mask
from langchain_llava_o1.engine.vision import Picture, PictureEncoder, PictureStates

if TYPE_CHECKING:
    from transformers.cache_utils import Cache

_MAX_TOKENS_PER_CALL = 8192
_MAX_PICTURES_PER_CALL = 16
_MAX_PADDING_RATIO = 1.33


@dataclass(frozen=True)
class PreparedPrompt:
    """A prompt whose pictures are read; equal prompts compare equal.

    Attributes:
        token_ids: The tokens.
        pictures: The picture of each image token.
    """

    token_ids: tuple[int, ...]
    pictures: tuple[Picture, ...]

    @property
    def key(self) -> tuple[tuple[int, ...], tuple[bytes, ...]]:
        """What two prompts must share to have the same keys and values."""
        return self.token_ids, tuple(picture.key for picture in self.pictures)


@dataclass(frozen=True)
class Prefilled:
    """Prompts that were read together.

    Attributes:
        prompts: The prompts, in batch order.
        cache: Their keys and values, tokens aligned at the last one.
        logits: Float32 tensor ``[prompts, vocabulary]`` for the token after each prompt.
        is_visible: Boolean tensor ``[prompts, positions]``: the image positions that tokens after the
            prompt attend to. All of them for a prompt without pictures, whose values are zero.
    """

    prompts: tuple[PreparedPrompt, ...]
    cache: "Cache"
    logits: torch.Tensor
    is_visible: torch.Tensor


class Prefiller:
    """Reads prompts with one model."""

    def __init__(self, model: Mllama, pictures: PictureEncoder, image_token_id: int) -> None:
        """Take a model, its picture encoder, and the token that stands for a picture."""
        self._model = model
        self._pictures = pictures
        self._image_token_id = image_token_id

    def read(self, prompts: Sequence[PreparedPrompt]) -> Iterator[Prefilled]:
        """Read prompts in groups of similar length.

        Yields:
            The groups. Together they hold every prompt once, in no particular order.
        """
        for group in _group_by_length(prompts):
            yield self._read_group(group)

    def _read_group(self, prompts: Sequence[PreparedPrompt]) -> Prefilled:
        device = self._model.device
        length = max(len(prompt.token_ids) for prompt in prompts)
        padding = [length - len(prompt.token_ids) for prompt in prompts]
        token_ids = [[0] * pad + list(prompt.token_ids) for pad, prompt in zip(padding, prompts, strict=True)]
        starts = torch.tensor(padding, device=device)[:, None]
        columns = torch.arange(length, device=device)[None]
        cache = create_cache(self._model.num_layers)
        view = self._look(prompts, length)
        logits = self._model.next_logits(
            torch.tensor(token_ids, device=device),
            (columns - starts).clamp_(min=0),
            cache,
            mask=_causal_mask(columns, starts) if any(padding) else None,
            sight=view.sight,
        )
        return Prefilled(tuple(prompts), cache, logits, view.is_visible)

    def _look(self, prompts: Sequence[PreparedPrompt], length: int) -> "_View":
        """Lay out what each token of each prompt sees.

        It is laid out by prompt, never by batch, so that neighbours change nothing. A token that sees no
        picture yet attends to all tiles of its own prompt's pictures, empty ones included: so it does when
        the prompt is alone, and the model adds the result in.
        """
        model = self._model
        num_pictures = max(len(prompt.pictures) for prompt in prompts)
        if not num_pictures:
            return _View(Sight(), torch.ones(len(prompts), 0, dtype=torch.bool, device=model.device))
        encoded = self._pictures.encode(picture for prompt in prompts for picture in prompt.pictures)
        is_allowed = torch.zeros(len(prompts), length, num_pictures, model.num_tiles, dtype=torch.bool)
        has_sight = torch.zeros(len(prompts), length, dtype=torch.bool)
        states = torch.zeros(
            (len(prompts), num_pictures, model.positions_per_picture, model.hidden_size),
            dtype=model.dtype,
            device=model.device,
        )
        for row, prompt in enumerate(prompts):
            if not prompt.pictures:
                is_allowed[row] = True
                continue
            start = length - len(prompt.token_ids)
            own = [encoded[picture.key] for picture in prompt.pictures]
            sees = self._tiles_seen(prompt, own)
            has_sight[row, start:] = sees.flatten(1).any(dim=1)
            is_allowed[row, start:, : len(own)] = sees
            is_allowed[row, :, : len(own)] |= ~has_sight[row, :, None, None]
            for position, picture in enumerate(own):
                states[row, position] = picture.states
        is_visible = is_allowed.to(model.device).repeat_interleave(model.num_patches, dim=3).flatten(2)
        sight = Sight(
            states=states.flatten(1, 2),
            mask=additive_mask(is_visible, model.dtype)[:, None],
            has_sight=has_sight.to(model.device, model.dtype)[:, None, :, None],
        )
        return _View(sight, is_visible[:, -1])

    def _tiles_seen(self, prompt: PreparedPrompt, own: Sequence[PictureStates]) -> torch.Tensor:
        """Which tiles each token sees: boolean ``[tokens, pictures, tiles]``."""
        sees = torch.zeros(len(prompt.token_ids), len(own), self._model.num_tiles, dtype=torch.bool)
        spans = get_cross_attention_token_mask(list(prompt.token_ids), self._image_token_id)
        for position, ((start, end), picture) in enumerate(zip(spans, own, strict=True)):
            sees[start : None if end == -1 else end, position, : picture.num_tiles] = True
        return sees


@dataclass(frozen=True)
class _View:
    """What a group of prompts sees, and what the tokens after each prompt will see: ``[rows, positions]``."""

    sight: Sight
    is_visible: torch.Tensor


def _causal_mask(columns: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
    """Make a boolean mask ``[rows, 1, columns, columns]``.

    Padding attends to itself, since to attend to nothing gives NaN.
    """
    is_causal = columns[0, :, None] >= columns[0, None, :]
    is_token = (columns >= starts)[:, None, :]
    return ((is_causal & is_token) | torch.eye(columns.shape[1], dtype=torch.bool, device=columns.device))[
        :, None
    ]


def _group_by_length(prompts: Sequence[PreparedPrompt]) -> Iterator[list[PreparedPrompt]]:
    """Group prompts so that little of a group is padding, and no group is too large for one call."""
    group: list[PreparedPrompt] = []
    num_tokens = num_pictures = 0
    for prompt in sorted(prompts, key=lambda prompt: len(prompt.token_ids)):
        length = len(prompt.token_ids)
        padded = length * (len(group) + 1)
        if group and (
            padded > _MAX_PADDING_RATIO * (num_tokens + length)
            or padded > _MAX_TOKENS_PER_CALL
            or num_pictures + len(prompt.pictures) > _MAX_PICTURES_PER_CALL
        ):
            yield group
            group, num_tokens, num_pictures = [], 0, 0
        group.append(prompt)
        num_tokens += length
        num_pictures += len(prompt.pictures)
    if group:
        yield group
