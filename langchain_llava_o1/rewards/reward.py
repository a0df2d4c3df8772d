"""Reward models of Hugging Face as a LangChain Runnable, for ``RewardJudge``."""

import asyncio
import functools
import threading
from collections.abc import Sequence
from typing import Any, Self

from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable, RunnableConfig

from langchain_llava_o1.errors import LlavaO1Error, ModelLoadError
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.rewards.kinds import SCORERS, find_kind
from langchain_llava_o1.rewards.scorer import Scorer
from langchain_llava_o1.rewards.settings import KINDS, Kind, RewardSettings
from langchain_llava_o1.staging.prompts import PROCESS_INSTRUCTION

_MAX_LENGTH = 4096
# 1280 of the squares of 28 x 28 pixels that a model of the Qwen2.5-VL kind sees as a token.
_MAX_PIXELS = 1280 * 28 * 28


class HuggingFaceReward(Runnable[list[BaseMessage], float]):
    """Score conversations with a reward model, all those of a round in one pass.

    Three kinds are known, and told apart by the checkpoint:

    - "text": sequence classification with one output. Pictures are left out, and the caption stands for them.
    - "value-head": a vision-language model with a value head, which says a number at the last token.
    - "process": a vision-language model that replies "+" or "-" after each step. Every stage is a step, and
      the score is the probability of "+" after the last one, given that those before it were accepted.

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
        max_length: int = _MAX_LENGTH,
        max_pixels: int = _MAX_PIXELS,
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

    def invoke(self, input: list[BaseMessage], config: RunnableConfig | None = None, **kwargs: Any) -> float:
        """Score a conversation that ends in an answer."""
        return self.batch([input], config)[0]

    def batch(self, inputs: Sequence[list[BaseMessage]], config: Any = None, **kwargs: Any) -> list[float]:
        """Score conversations.

        Raises:
            ModelLoadError: If the model cannot be loaded, or is no reward model.
            ImageError: If a picture cannot be read, or is missing where the model needs one.
        """
        size = self._settings.batch_size or max(1, len(inputs))
        with self._lock:
            scorer = self._scorer = self._scorer or _load(self._settings)
            return [
                score
                for start in range(0, len(inputs), size)
                for score in scorer.score(inputs[start : start + size])
            ]

    async def abatch(
        self, inputs: Sequence[list[BaseMessage]], config: Any = None, **kwargs: Any
    ) -> list[float]:
        """Score conversations without blocking the event loop."""
        return await asyncio.to_thread(self.batch, inputs, config)


@functools.lru_cache(maxsize=4)
def open_reward(name: str) -> HuggingFaceReward:
    """Return the reward model of a name, the same one each time, so that its weights are loaded once.

    Args:
        name: Hub id or folder, behind its kind and a colon where that is not to be found out, as in
            "process:ob11/Qwen-VL-PRM-7B".
    """
    for kind in KINDS:
        if name.startswith(f"{kind}:"):
            return HuggingFaceReward(name.removeprefix(f"{kind}:"), kind=kind)
    return HuggingFaceReward(name)


def _load(settings: RewardSettings) -> Scorer:
    from langchain_llava_o1.engine.loading.libraries import import_libraries

    import_libraries()
    try:
        return SCORERS[settings.kind or find_kind(settings)].load(settings)
    except LlavaO1Error:
        raise
    # A checkpoint that is broken or of another version fails in whatever way it leads the libraries to.
    except Exception as error:
        raise ModelLoadError(
            f"The reward model {settings.model!r} could not be loaded: {error} "
            "Check its name, or give the folder of a checkpoint."
        ) from error
