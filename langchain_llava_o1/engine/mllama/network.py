"""The network behind the engine: the one place that knows how transformers' Mllama is put together.

The engine has its own pass over the text layers, since its speed comes from choosing what each token attends
to: tokens come packed, without padding and without a batch dimension, and an ``Attention`` says what each of
them attends to. The weights and their modules, quantized ones included, stay those of transformers.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

import torch
from torch.nn import functional

from langchain_llava_o1.engine.request import TowerLayers

if TYPE_CHECKING:
    from transformers import MllamaForConditionalGeneration


class Attention(Protocol):
    """What the tokens of one pass attend to.

    Queries come as ``[tokens, heads, size]``, keys and values as ``[tokens, key heads, size]``; results
    have the shape of the queries.

    Attributes:
        has_pictures: Whether any token's conversation has a picture.
    """

    has_pictures: bool

    @property
    def picture_row_mask(self) -> torch.Tensor | None:
        """``[tokens, 1]``, 1 for tokens that see a picture, else 0; None if all do."""
        ...

    def attend_to_text(
        self, layer: int, queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
    ) -> torch.Tensor:
        """Attend to the tokens before each token and to itself; ``layer`` counts such layers alone."""
        ...

    def attend_to_pictures(self, layer: int, queries: torch.Tensor) -> torch.Tensor:
        """Attend to pictures, zero where there is none; ``layer`` counts such layers alone."""
        ...


@dataclass(frozen=True)
class _Layer:
    module: Any
    device: torch.device
    index_of_kind: int
    is_cross_attention: bool


class Mllama:
    """A loaded network, with the sizes that the engine plans by.

    Attributes:
        context_length: Most tokens in a row.
        num_heads: Heads of queries.
        num_key_heads: Heads of keys and values.
        head_size: Width of a head.
        text_devices: Device of each layer that attends to text.
        picture_devices: Device of each layer that attends to pictures.
        num_tiles: Tiles that a picture is cut into at most.
        num_patches: Image positions of one tile.
    """

    def __init__(self, network: "MllamaForConditionalGeneration") -> None:
        """Measure a network in evaluation mode."""
        text: Any = network.config.text_config
        vision: Any = network.config.vision_config
        self._core: Any = network.model
        self._language_model: Any = network.model.language_model
        self._head: Any = network.lm_head
        self.device: torch.device = network.device
        self.dtype: torch.dtype = network.dtype
        self.context_length: int = text.max_position_embeddings
        self.num_heads: int = text.num_attention_heads
        self.num_key_heads: int = text.num_key_value_heads
        self.head_size: int = text.hidden_size // text.num_attention_heads
        self.num_tiles: int = vision.max_num_tiles
        self.num_patches: int = network.model.vision_model.num_patches
        self._norm_epsilon: float = text.rms_norm_eps
        self._layers: list[_Layer] = []
        cross_attention_layers = set(text.cross_attention_layers or ())
        counts = [0, 0]
        for index, module in enumerate(self._language_model.layers):
            is_cross_attention = index in cross_attention_layers
            device = module.input_layernorm.weight.device
            self._layers.append(_Layer(module, device, counts[is_cross_attention], is_cross_attention))
            counts[is_cross_attention] += 1
        self.text_devices = tuple(layer.device for layer in self._layers if not layer.is_cross_attention)
        self.picture_devices = tuple(layer.device for layer in self._layers if layer.is_cross_attention)

    @property
    def bytes_per_position(self) -> int:
        """Memory that the keys and values of one position take in one layer."""
        return 2 * self.num_key_heads * self.head_size * self.dtype.itemsize

    def encode_pictures(self, features: Any) -> list[list[torch.Tensor]]:
        """Run the vision tower, and make what the text layers attend to.

        Args:
            features: What the image processor returns for one picture per row.

        Returns:
            For each picture and each layer that attends to pictures, keys and values
            ``[2, key heads, positions, size]``, the tiles that the picture leaves empty included.
        """
        states = self._core.multi_modal_projector(self._see(features)).flatten(1, 3)
        pictures: list[list[torch.Tensor]] = [[] for _ in states]
        for layer in self._layers:
            if layer.is_cross_attention:
                attention = layer.module.cross_attn
                states = states.to(layer.device)
                keys = self._norm(self._split(attention.k_proj(states)), attention.k_norm)
                values = self._split(attention.v_proj(states))
                for own, key, value in zip(pictures, keys, values, strict=True):
                    own.append(torch.stack((key, value)).transpose(1, 2).contiguous())
        return pictures

    def see_pictures(self, features: Any, layers: TowerLayers) -> torch.Tensor:
        """Run the vision tower alone.

        Args:
            features: What the image processor returns for one picture per row.
            layers: Which layers to take.

        Returns:
            ``[pictures, tiles, patches, width]``, the tiles that a picture leaves empty included.
        """
        # The tower puts its last layer first, and after it the others that text layers see.
        width = self._core.vision_model.config.hidden_size
        entries = {"final": slice(width), "intermediate": slice(width, None), "all": slice(None)}[layers]
        return self._see(features)[:, 0, ..., entries]

    def _see(self, features: Any) -> torch.Tensor:
        """Return ``[pictures, 1, tiles, patches, width of all layers taken]``."""
        device = self._core.vision_model.device
        seen: torch.Tensor = self._core.vision_model(
            pixel_values=features["pixel_values"].to(device),
            aspect_ratio_ids=features["aspect_ratio_ids"].to(device),
            aspect_ratio_mask=features["aspect_ratio_mask"].to(device),
        ).last_hidden_state
        return seen

    def forward(self, token_ids: torch.Tensor, positions: torch.Tensor, attention: Attention) -> torch.Tensor:
        """Run the text layers over tokens.

        Args:
            token_ids: Their ids, ``[tokens]``.
            positions: Position of each token in its conversation, ``[tokens]``.
            attention: What each token attends to.

        Returns:
            The hidden state of each token, ``[tokens, hidden]``, for ``logits``.
        """
        hidden = self._language_model.embed_tokens(token_ids)
        rotation = self._language_model.rotary_emb(hidden, positions[None])
        cosine, sine = (part[0, :, None] for part in rotation)
        picture_row_mask = attention.picture_row_mask
        for layer in self._layers:
            if layer.is_cross_attention and not attention.has_pictures:
                continue
            if hidden.device != layer.device:
                hidden, cosine, sine = (each.to(layer.device) for each in (hidden, cosine, sine))
                picture_row_mask = None if picture_row_mask is None else picture_row_mask.to(layer.device)
            module = layer.module
            normed = self._norm(hidden, module.input_layernorm)
            if layer.is_cross_attention:
                attended = self._cross_attention(layer, normed, attention)
                hidden = hidden + module.cross_attn_attn_gate.tanh() * attended
                update = module.mlp(self._norm(hidden, module.post_attention_layernorm))
                if picture_row_mask is not None:
                    update = update * picture_row_mask
                hidden = hidden + module.cross_attn_mlp_gate.tanh() * update
            else:
                hidden = hidden + self._self_attention(layer, normed, cosine, sine, attention)
                hidden = hidden + module.mlp(self._norm(hidden, module.post_attention_layernorm))
        return cast("torch.Tensor", hidden)

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Compute the logits of the next token: float32 ``[tokens, vocabulary]`` on the engine's device."""
        normed = self._norm(hidden, self._language_model.norm)
        return cast("torch.Tensor", self._head(normed)).float().to(self.device)

    def _self_attention(
        self,
        layer: _Layer,
        normed: torch.Tensor,
        cosine: torch.Tensor,
        sine: torch.Tensor,
        attention: Attention,
    ) -> torch.Tensor:
        weights = layer.module.self_attn
        queries = _rotate(self._split(weights.q_proj(normed)), cosine, sine)
        keys = _rotate(self._split(weights.k_proj(normed)), cosine, sine)
        values = self._split(weights.v_proj(normed))
        attended = attention.attend_to_text(layer.index_of_kind, queries, keys, values)
        return cast("torch.Tensor", weights.o_proj(attended.flatten(-2)))

    def _cross_attention(self, layer: _Layer, normed: torch.Tensor, attention: Attention) -> torch.Tensor:
        weights = layer.module.cross_attn
        queries = self._norm(self._split(weights.q_proj(normed)), weights.q_norm)
        attended = attention.attend_to_pictures(layer.index_of_kind, queries)
        return cast("torch.Tensor", weights.o_proj(attended.flatten(-2)))

    def _split(self, states: torch.Tensor) -> torch.Tensor:
        """Split ``[..., heads * size]`` into ``[..., heads, size]``."""
        split: torch.Tensor = states.unflatten(-1, (-1, self.head_size))
        return split

    def _norm(self, states: torch.Tensor, norm: Any) -> torch.Tensor:
        return functional.rms_norm(states, norm.weight.shape, norm.weight, self._norm_epsilon)


def _rotate(states: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor) -> torch.Tensor:
    """Rotate each head by the position of its token (RoPE, arXiv 2104.09864)."""
    first, second = states.chunk(2, dim=-1)
    return states * cosine + torch.cat((-second, first), dim=-1) * sine
