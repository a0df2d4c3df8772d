"""The parts of an Mllama that training can leave as they are or adapt, by name."""

import re
from collections.abc import Collection, Mapping

from torch import nn

from langchain_llava_o1.errors import ConfigurationError

_LAYER = r"(model\.)?language_model\.layers\.\d+\."

FREEZABLE: Mapping[str, str] = {
    "vision": r"(model\.)?vision_model\..*",
    "projector": r"(model\.)?multi_modal_projector\..*",
    "embeddings": r"(model\.)?language_model\.embed_tokens\..*|lm_head\..*",
    "gates": rf"{_LAYER}cross_attn_(attn|mlp)_gate",
}
"""Patterns of the weights of each part that can be left as it is."""

ADAPTABLE: Mapping[str, str] = {
    "self-attention": rf"{_LAYER}self_attn\.[qkvo]_proj",
    "cross-attention": rf"{_LAYER}cross_attn\.[qkvo]_proj",
    "mlp": rf"{_LAYER}mlp\.(gate|up|down)_proj",
    "vision": (
        r"(model\.)?vision_model\.(global_)?transformer\.layers\.\d+\."
        r"(self_attn\.[qkvo]_proj|mlp\.fc\d)"
    ),
}
"""Patterns of the linear layers of each part that adapters can be put beside."""

DEFAULT_ADAPTED = ("self-attention", "cross-attention", "mlp")
"""What is adapted by default: the text layers."""


def check_parts(names: Collection[str], known: Mapping[str, str], what: str) -> None:
    """See that parts have names that are known.

    Raises:
        ConfigurationError: If one is unknown.
    """
    if unknown := sorted(set(names) - known.keys()):
        raise ConfigurationError(
            f"There is no part {', '.join(map(repr, unknown))} to {what}; there are {', '.join(known)}."
        )


def freeze(model: nn.Module, names: Collection[str]) -> None:
    """Leave the weights of parts as they are.

    Raises:
        ConfigurationError: If a part is unknown.
    """
    check_parts(names, FREEZABLE, "freeze")
    patterns = [re.compile(FREEZABLE[name]) for name in names]
    for name, weight in model.named_parameters():
        if any(pattern.fullmatch(name) for pattern in patterns):
            weight.requires_grad_(False)


def adapted_pattern(names: Collection[str]) -> str:
    """Return one pattern of the linear layers of parts, as PEFT takes it.

    Raises:
        ConfigurationError: If a part is unknown, or none is named.
    """
    check_parts(names, ADAPTABLE, "adapt")
    if not names:
        raise ConfigurationError(f"No part to adapt is named; there are {', '.join(ADAPTABLE)}.")
    return "|".join(f"({ADAPTABLE[name]})" for name in names)
