"""Reward models of Hugging Face as a LangChain Runnable, for ``RewardJudge``."""

import asyncio
import functools
import threading
from collections.abc import Sequence
from typing import Any, Self

from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable, RunnableConfig

from langchain_llava_o1.judges.own_model import OwnModel
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.rewards.failures import explaining_load_errors, explaining_memory_errors
from langchain_llava_o1.rewards.kinds import SCORERS, find_kind
from langchain_llava_o1.rewards.scorer import Scorer
from langchain_llava_o1.rewards.settings import (
    KINDS,
    MAX_LENGTH,
    MAX_PIXELS,
    Kind,
    RewardSettings,
    read_named_settings,
)
from langchain_llava_o1.staging.prompts import PROCESS_INSTRUCTION


class HuggingFaceReward(Runnable[list[BaseMessage], float]):
    """Score conversations with a reward model, all those of a round in one pass.

    Three kinds are known, and told apart by the checkpoint:

    - "text": sequence classification with one output. Pictures are left out, and the caption stands for them.
    - "value-head": a vision-language model with a value head, which says a number at the last token.
    - "process": a vision-language model that replies "+" or "-" after each step. Every stage is a step, and
      the score is the probability of "+" after it, given that those before it were accepted; of a candidate
      of several stages, such as a whole answer, the mean.

    It loads when it is first asked. Load it once and share it: copies have the same weights. What is pickled
    are the settings, and whoever reads them loads anew.
    """

    def __init__(
        self,
        model: str,
        *,
        kind: Kind | None = None,
        revision: str | None = None,
        device: str | None = None,
        dtype: str | None = None,
        batch_size: int | None = None,
        max_length: int = MAX_LENGTH,
        min_pixels: int | None = None,
        max_pixels: int = MAX_PIXELS,
        instruction: str = PROCESS_INSTRUCTION,
        image_policy: ImagePolicy | None = None,
    ) -> None:
        """Name a model.

        Args:
            model: Hub id or folder of a checkpoint, such as ``"Skywork/Skywork-Reward-V2-Qwen3-0.6B"``,
                ``"Skywork/Skywork-VL-Reward-7B"`` or ``"ob11/Qwen-VL-PRM-7B"``, with a chat template.
            kind: "text", "value-head" or "process"; None goes by the checkpoint.
            revision: Branch, tag or commit on the hub.
            device: Where to run; None takes the best there is.
            dtype: "float32", "bfloat16" or "float16"; None takes the checkpoint's own.
            batch_size: Most conversations in a pass; None takes all that are asked for together. Fewer need
                less memory.
            max_length: Most tokens that a model of the kind "text" reads; of a longer conversation the
                beginning is left out. Those that see pictures read all of it.
            min_pixels: Fewest pixels of a picture; a smaller one is made larger. None takes the checkpoint's
                own. Qwen-VL-PRM is published with ``256 * 28 * 28``.
            max_pixels: Most pixels of a picture; a larger one is made smaller.
            instruction: What a model of the kind "process" is told first. Give the one that it was trained
                with: the default is this package's own.
            image_policy: Which pictures are taken in; the environment's if None.

        Raises:
            ConfigurationError: If there is no such kind, or a setting cannot work.
        """
        self._settings = RewardSettings(
            model=model,
            kind=kind,
            revision=revision,
            device=device,
            dtype=dtype,
            batch_size=batch_size,
            max_length=max_length,
            min_pixels=min_pixels,
            max_pixels=max_pixels,
            instruction=instruction,
            image_policy=image_policy or ImagePolicy.from_environment(),
        )
        self._begin()

    def _begin(self) -> None:
        self._scorer: Scorer | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"HuggingFaceReward({self._settings.model!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {"_settings": self._settings}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    @property
    def default_cutoff(self) -> float | None:
        """Above what a reasoning is good enough for SWIRES; None if its kind has no scale of its own.

        Raises:
            ModelLoadError: If the kind is to be found out and the checkpoint cannot be read.
        """
        if self._scorer is not None:
            return self._scorer.default_cutoff
        return _scorer_class(self._settings).default_cutoff

    def invoke(self, input: list[BaseMessage], config: RunnableConfig | None = None, **kwargs: Any) -> float:
        """Score a conversation that ends in an answer."""
        return self.batch([input], config)[0]

    def batch(self, inputs: Sequence[list[BaseMessage]], config: Any = None, **kwargs: Any) -> list[float]:
        """Score conversations.

        Raises:
            ModelLoadError: If the model cannot be loaded, or is no reward model.
            ImageError: If a picture cannot be read, or is missing where the model needs one.
            GenerationError: If memory runs out.
        """
        size = self._settings.batch_size or max(1, len(inputs))
        with self._lock:
            scorer = self._scorer = self._scorer or _load(self._settings)
            scores: list[float] = []
            for start in range(0, len(inputs), size):
                rows = inputs[start : start + size]
                with explaining_memory_errors(self._settings, len(rows)):
                    scores += scorer.score(rows)
            return scores

    async def abatch(
        self, inputs: Sequence[list[BaseMessage]], config: Any = None, **kwargs: Any
    ) -> list[float]:
        """Score conversations without blocking the event loop."""
        return await asyncio.to_thread(self.batch, inputs, config)


@functools.lru_cache(maxsize=4)
def open_reward(name: str) -> HuggingFaceReward:
    """Return the reward model of a name, the same one each time, so that its weights are loaded once.

    Args:
        name: Hub id or folder, behind its kind and a colon where that is not to be found out, and before
            further settings in JSON, as in 'process:ob11/Qwen-VL-PRM-7B {"dtype": "bfloat16"}'.

    Raises:
        ConfigurationError: If there is no such setting, or it cannot work.
    """
    model, given = OwnModel.read(name)
    settings = read_named_settings(given)
    for kind in KINDS:
        if model.startswith(f"{kind}:"):
            return HuggingFaceReward(model.removeprefix(f"{kind}:"), kind=kind, **settings)
    return HuggingFaceReward(model, **settings)


def _load(settings: RewardSettings) -> Scorer:
    scorer_class = _scorer_class(settings)
    with explaining_load_errors(settings):
        return scorer_class.load(settings)


def _scorer_class(settings: RewardSettings) -> type[Scorer]:
    from langchain_llava_o1.engine.loading.libraries import import_libraries

    import_libraries()
    with explaining_load_errors(settings):
        return SCORERS[settings.kind or find_kind(settings)]
