"""Reward models that are a vision-language model with a value head, such as Skywork-VL-Reward.

The head is a linear layer on the last hidden state, under the names that TRL's
``AutoModelForCausalLMWithValueHead`` gave it; that class is not needed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from langchain_core.messages import BaseMessage

from langchain_llava_o1.chat.messages import read_conversation
from langchain_llava_o1.errors import ModelLoadError
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.rewards.files import find_file
from langchain_llava_o1.rewards.scorer import Scorer
from langchain_llava_o1.rewards.settings import RewardSettings
from langchain_llava_o1.rewards.vision_model import ShownConversation, VisionModel

if TYPE_CHECKING:
    import torch

_HEAD_FILE = "value_head.safetensors"
_INDEX_FILE = "model.safetensors.index.json"
_WEIGHTS_FILE = "model.safetensors"
_PREFIXES = ("v_head.summary.", "summary.")


class _HeadPlace(NamedTuple):
    """Where a checkpoint has its value head: the file, and what the names of its weights begin with."""

    file: Path
    prefix: str


class ValueHead(NamedTuple):
    """The weights of a value head.

    Attributes:
        weight: One number for each of the model's, of shape (1, hidden size), in float32.
        bias: What is added, of shape (1,).
    """

    weight: "torch.Tensor"
    bias: "torch.Tensor"


@dataclass(frozen=True)
class ValueHeadScorer(Scorer):
    """What the value head says at a conversation's last token.

    Attributes:
        vision_model: The model.
        head: The head.
        image_policy: Which pictures are taken in.
    """

    vision_model: VisionModel
    head: ValueHead
    image_policy: ImagePolicy

    @classmethod
    def load(cls, settings: RewardSettings) -> Self:
        """Load a vision-language model and its value head.

        Raises:
            ModelLoadError: If the checkpoint has no value head, or one of another size.
        """
        place = _find_head(settings)
        if place is None:
            raise ModelLoadError(
                f"{settings.model!r} has no value head: {_PREFIXES[0]}weight is neither in {_HEAD_FILE} nor "
                f"in the safetensors files of its model. Put {_HEAD_FILE} beside the model, or choose "
                "another kind."
            )
        vision_model = VisionModel.load(settings)
        head = _read_head(place, vision_model.model.device)
        size = vision_model.model.config.get_text_config().hidden_size
        if tuple(head.weight.shape) != (1, size):
            raise ModelLoadError(
                f"The value head of {settings.model!r} has the shape {tuple(head.weight.shape)}; its model "
                f"needs {(1, size)}. Take head and model from the same checkpoint."
            )
        return cls(vision_model, head, settings.image_policy)

    def score(self, conversations: Sequence[Sequence[BaseMessage]]) -> list[float]:
        """Score conversations."""
        import torch

        shown = [self._show(each) for each in conversations]
        inputs = self.vision_model.prepare(shown, asks_for_reply=False).inputs
        with torch.inference_mode():
            # The model without its language head, whose logits for every token would fill the memory.
            hidden = self.vision_model.model.base_model(**inputs, use_cache=False).last_hidden_state
            values = torch.nn.functional.linear(hidden[:, -1].float(), self.head.weight, self.head.bias)
        return [float(value) for value in values[:, 0]]

    def _show(self, conversation: Sequence[BaseMessage]) -> ShownConversation:
        turns = read_conversation(conversation, self.image_policy).turns
        chat = [
            {
                "role": turn.role,
                "content": [
                    {"type": "image"} if isinstance(part, Picture) else {"type": "text", "text": str(part)}
                    for part in turn.parts
                ],
            }
            for turn in turns
        ]
        return ShownConversation(
            chat, [part for turn in turns for part in turn.parts if isinstance(part, Picture)]
        )


def has_value_head(settings: RewardSettings) -> bool:
    """Tell whether a checkpoint has a value head."""
    return _find_head(settings) is not None


def _find_head(settings: RewardSettings) -> _HeadPlace | None:
    for name in (_HEAD_FILE, _INDEX_FILE, _WEIGHTS_FILE):
        path = find_file(settings, name)
        files = {} if path is None else _files_by_weight(path)
        for prefix in _PREFIXES:
            file = files.get(f"{prefix}weight")
            found = None if file is None else find_file(settings, file)
            if found is not None:
                return _HeadPlace(found, prefix)
    return None


def _files_by_weight(path: Path) -> dict[str, str]:
    """Return the names of the weights that a file holds, or lists, each with the name of its file."""
    if path.name == _INDEX_FILE:
        listed: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["weight_map"]
        return listed
    from safetensors import safe_open

    with safe_open(path, framework="pt") as weights:
        return dict.fromkeys(weights.keys(), path.name)


def _read_head(place: _HeadPlace, device: "torch.device") -> ValueHead:
    import torch
    from safetensors import safe_open

    with safe_open(place.file, framework="pt") as weights:
        weight = weights.get_tensor(f"{place.prefix}weight").float()
        name = f"{place.prefix}bias"
        bias = weights.get_tensor(name).float() if name in weights.keys() else torch.zeros(len(weight))  # noqa: SIM118
    return ValueHead(weight.to(device), bias.to(device))
