"""The network behind the engine: the one place that knows how transformers' Mllama is put together."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
from transformers.models.mllama.configuration_mllama import MllamaTextConfig, MllamaVisionConfig

if TYPE_CHECKING:
    from transformers import MllamaForConditionalGeneration
    from transformers.cache_utils import Cache


@dataclass(frozen=True)
class Sight:
    """What the tokens of a batch see of their pictures.

    Attributes:
        states: Picture states ``[rows, positions, hidden]``; None once their keys and values are cached.
        mask: Additive mask ``[rows, 1, tokens, positions]``; None if every token attends to all positions,
            which one token per row may.
        has_sight: ``[rows, 1, tokens, 1]``, 1 for tokens that see a picture, else 0; None if all do.
    """

    states: torch.Tensor | None = None
    mask: torch.Tensor | None = None
    has_sight: torch.Tensor | None = None


class Mllama:
    """A loaded network, with the sizes that the engine plans by.

    Attributes:
        context_length: Most tokens in a row.
        num_layers: Layers of the text model.
        cross_layers: Indices of those that attend to pictures, and to pictures alone.
        num_tiles: Tiles that a picture is cut into at most.
        num_patches: Image positions of one tile.
        positions_per_picture: Image positions of one picture, the tiles that it leaves empty included.
        bytes_per_position: Memory that one position takes in the cache of one layer.
    """

    def __init__(self, network: "MllamaForConditionalGeneration") -> None:
        """Measure a network in evaluation mode."""
        self._network = network
        text = cast("MllamaTextConfig", network.config.text_config)
        vision = cast("MllamaVisionConfig", network.config.vision_config)
        self.device: torch.device = network.device
        self.dtype: torch.dtype = network.dtype
        self.context_length: int = text.max_position_embeddings
        self.hidden_size: int = text.hidden_size
        self.num_layers: int = text.num_hidden_layers
        self.cross_layers: frozenset[int] = frozenset(text.cross_attention_layers or ())
        self.num_tiles: int = vision.max_num_tiles
        self.num_patches: int = network.model.vision_model.num_patches
        self.positions_per_picture = self.num_tiles * self.num_patches
        head_size = text.hidden_size // text.num_attention_heads
        self.bytes_per_position: int = 2 * text.num_key_value_heads * head_size * self.dtype.itemsize

    def encode_pictures(self, features: Any) -> torch.Tensor:
        """Run the vision tower.

        Args:
            features: What the image processor returns for one picture per row.

        Returns:
            States ``[pictures, positions, hidden]``.
        """
        core = self._network.model
        device = core.vision_model.device
        vision = core.vision_model(
            pixel_values=features["pixel_values"].to(device),
            aspect_ratio_ids=features["aspect_ratio_ids"].to(device),
            aspect_ratio_mask=features["aspect_ratio_mask"].to(device),
        ).last_hidden_state
        return cast("torch.Tensor", core.multi_modal_projector(vision)).flatten(1, 3)

    def next_logits(
        self,
        token_ids: torch.Tensor,
        positions: torch.Tensor,
        cache: "Cache",
        *,
        mask: torch.Tensor | None,
        sight: Sight,
    ) -> torch.Tensor:
        """Read tokens ``[rows, tokens]`` into a cache.

        Args:
            token_ids: What to read.
            positions: Place of each token in its row, ``[rows, tokens]``.
            cache: What was read before; it grows.
            mask: Which cache columns each token attends to, boolean ``[rows, 1, tokens, columns]``; None
                for all up to its own.
            sight: What the tokens see.

        Returns:
            Float32 logits ``[rows, vocabulary]`` of the token after each row's last.
        """
        # The layers are called without the wrapper around them, which would lay out the image mask by batch:
        # there, a token before its first picture attends to the padding that its neighbours' pictures cause.
        # The first seven are given by place, since the cache has another name from transformers 5.24 on.
        hidden = self._network.model.language_model(
            token_ids,
            mask,
            positions,
            sight.states,
            sight.mask,
            sight.has_sight,
            cache,
            use_cache=True,
        ).last_hidden_state
        logits = cast("torch.Tensor", self._network.lm_head(hidden[:, -1]))
        return logits.float().to(self.device)


def additive_mask(is_allowed: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Write a boolean mask as what is added to attention scores, as Mllama expects it."""
    return torch.zeros(is_allowed.shape, dtype=dtype, device=is_allowed.device).masked_fill_(
        ~is_allowed, torch.finfo(dtype).min
    )
