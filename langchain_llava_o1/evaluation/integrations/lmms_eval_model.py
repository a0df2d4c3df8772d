"""The chat model that lmms-eval asks: ``lmms-eval --model llava_o1``. Only lmms-eval imports this."""

import asyncio
import os
from collections.abc import Sequence
from typing import Any, NoReturn

from lmms_eval.api.instance import GenerationResult, TokenCounts
from lmms_eval.api.model import lmms
from tqdm import tqdm

from langchain_llava_o1.chat.model import ChatLlavaO1
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.integrations.harness_requests import Harness, Request
from langchain_llava_o1.evaluation.integrations.searcher import create_searcher
from langchain_llava_o1.search.catalogue import DEFAULT_SEARCH
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.tiny import EMBEDDED_MODEL

_OF_THE_MODEL = ("dtype", "quantization", "revision", "adapter")


class LlavaO1(lmms):  # type: ignore[misc]  # lmms-eval is no dependency, so that its types are not known
    """Answers the requests of lmms-eval with a search; what a task grades is the conclusion."""

    is_simple = False

    def __init__(
        self,
        pretrained: str = EMBEDDED_MODEL,
        strategy: str = DEFAULT_SEARCH,
        judge: str | None = None,
        seed: int = 0,
        device: str | None = None,
        batch_size: int | str = 1,
        max_batch_size: int | str | None = None,
        **settings: Any,
    ) -> None:
        """Take what ``--model_args`` and the command line say.

        Args:
            pretrained: Hub id or folder of a checkpoint, or "tiny".
            strategy: Name of a search.
            judge: Full name of what decides between candidates; None for the search's own default.
            seed: Of all sampling.
            device: Where the model runs; None takes the best there is.
            batch_size: Questions under way at once.
            max_batch_size: Not used.
            settings: ``dtype``, ``quantization``, ``revision`` and ``adapter`` of the model; all settings
                of the search: ``candidates``, ``temperature``, ``max_tokens_per_stage``, …

        Raises:
            ConfigurationError: If something cannot be had.
        """
        super().__init__()
        of_the_model = {name: settings.pop(name) for name in _OF_THE_MODEL if name in settings}
        model = ChatLlavaO1.model_validate({"model": str(pretrained), "device": device, **of_the_model})
        self._harness = Harness(
            create_searcher(model, Strategy(strategy, judge, settings)), seed, _read_batch_size(batch_size)
        )
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise ConfigurationError(
                f"llava_o1 runs in one process, got {os.environ['WORLD_SIZE']} (WORLD_SIZE). Start lmms-eval "
                "without accelerate or torchrun; give --batch_size for questions under way at once."
            )

    def generate_until(self, requests: Sequence[Request]) -> list[Any]:
        """Answer requests, in their order, and say how many tokens each took."""
        with tqdm(total=len(requests), desc="Searching") as progress:
            replies = asyncio.run(self._harness.answer(requests, self.task_dict, progress.update))
        return [
            GenerationResult(reply.text, TokenCounts(reply.input_tokens, reply.output_tokens))
            for reply in replies
        ]

    def loglikelihood(self, requests: Sequence[Request]) -> NoReturn:
        """Refuse: a search writes its answers."""
        raise ConfigurationError(
            "llava_o1 answers in its own words, and the task asks how likely given answers are "
            "(loglikelihood). Leave this task out."
        )

    def generate_until_multi_round(self, requests: Sequence[Request]) -> NoReturn:
        """Refuse: every question is asked by itself."""
        raise ConfigurationError(
            "llava_o1 answers single questions, and the task has rounds (generate_until_multi_round). "
            "Leave this task out."
        )


def _read_batch_size(given: int | str) -> int:
    if str(given).isdecimal() and int(given) >= 1:
        return int(given)
    raise ConfigurationError(
        f"The batch size is {given!r}; give a number from 1 on: how many questions are under way at once."
    )
