"""What every kind of reward model can do."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

from langchain_core.messages import BaseMessage

from langchain_llava_o1.errors import ModelLoadError
from langchain_llava_o1.rewards.settings import RewardSettings


class Scorer(ABC):
    """A reward model that has been loaded."""

    default_cutoff: ClassVar[float | None] = None
    """Above what a reasoning is good enough for SWIRES; None if the kind has no scale of its own."""

    @classmethod
    @abstractmethod
    def load(cls, settings: RewardSettings) -> Self:
        """Load it.

        Raises:
            ModelLoadError: If the checkpoint is of another kind.
        """

    @abstractmethod
    def score(self, conversations: Sequence[Sequence[BaseMessage]]) -> list[float]:
        """Score conversations that end in an answer, in one pass."""


def load_weights(model_class: Any, settings: RewardSettings) -> Any:
    """Load a model in evaluation mode on its device.

    Args:
        model_class: A class of transformers that has ``from_pretrained``.
        settings: Which model, and where it goes.

    Raises:
        ModelLoadError: If the checkpoint lacks weights, which would be random.
    """
    from langchain_llava_o1.engine.loading.placement import choose_device

    device = choose_device(settings.device)
    model, info = model_class.from_pretrained(
        **settings.source, dtype=settings.dtype or "auto", output_loading_info=True
    )
    if missing := sorted(info["missing_keys"]):
        raise ModelLoadError(
            f"{settings.model!r} lacks {len(missing)} weights of its model, {missing[0]!r} among them, so "
            "that its scores would be random. Use a checkpoint that was trained as a reward model, or "
            "download it again."
        )
    return model.to(device).eval().requires_grad_(False)
