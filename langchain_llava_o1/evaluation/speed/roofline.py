"""The least that a way of running the search has to read: tokens of prompts, and bytes of memory."""

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import torch

from langchain_llava_o1.engine.cache.prefix_tree import count_alike
from langchain_llava_o1.engine.chat_format import ChatFormat
from langchain_llava_o1.engine.loading.checkpoint import Checkpoint
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.request import Turn
from langchain_llava_o1.evaluation.speed.workload import VERDICT_TOKENS, QuestionWork
from langchain_llava_o1.staging.prompts import VERDICT_PREFIX

Prompt = tuple[Turn, ...]


class Call(NamedTuple):
    """Rows that are generated together.

    Attributes:
        prompts: The prompt of each row.
        num_tokens: How many tokens each row generates.
    """

    prompts: Sequence[Prompt]
    num_tokens: int


def calls(question: QuestionWork, num_candidates: int, *, is_scored: bool) -> Iterator[Call]:
    """List what a question generates, the rows that can be generated together in one call."""
    for stage in question.stages:
        yield Call([stage.prompt] * num_candidates, stage.num_tokens)
        if not is_scored:
            for matches in stage.rounds:
                yield Call([match.prompt for match in matches], VERDICT_TOKENS)


def fewest_read(work: Iterable[QuestionWork], chat_format: ChatFormat, *, is_scored: bool) -> int:
    """Count the tokens of all prompts, what several of them begin with once."""
    prompts: list[Prompt] = []
    for stage in (stage for question in work for stage in question.stages):
        prompts.append(stage.prompt)
        for match in (match for matches in stage.rounds for match in matches):
            if is_scored:
                prompts += (
                    (*prompt, Turn("assistant", (VERDICT_PREFIX,))) for prompt in match.choice_prompts
                )
            else:
                prompts.append(match.prompt)
    return _count_distinct(prompts, chat_format)


def _count_distinct(prompts: Iterable[Prompt], chat_format: ChatFormat) -> int:
    # In order, each text shares most with the one before it; questions differ in their first words.
    texts = sorted(chat_format.encode(prompt).token_ids for prompt in prompts)
    shared = [count_alike(one, other) for one, other in pairwise(texts)]
    return sum(map(len, texts)) - sum(shared)


class MemoryTraffic:
    """Bytes that a checkpoint's steps must read at least.

    Attributes:
        weight_bytes: Of the weights that every pass over text reads.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        """Measure a checkpoint."""
        text: Any = checkpoint.model.model.language_model.layers
        head: Any = checkpoint.model.lm_head
        self.weight_bytes: int = sum(
            weight.nbytes for module in (text, head) for weight in module.parameters()
        )
        self._sizes = Mllama(checkpoint.model)
        self._format = ChatFormat(checkpoint.tokenizer, checkpoint.chat_template, checkpoint.image_token_id)
        self._image_processor = checkpoint.image_processor

    def cache_bytes(self, call: Call) -> int:
        """Count what the steps of a call read of the states of pictures and text.

        What rows share is read once a step, what each of them wrote on its own.
        """
        num_steps = call.num_tokens - 1
        num_shared = _count_distinct(call.prompts, self._format)
        num_own = len(call.prompts) * num_steps * (num_steps + 1) // 2
        in_text = (num_steps * num_shared + num_own) * len(self._sizes.text_devices)
        seen = self._count_image_positions(call.prompts[0]) * len(self._sizes.picture_devices)
        return (in_text + num_steps * seen) * self._sizes.bytes_per_position

    def _count_image_positions(self, prompt: Prompt) -> int:
        images = [picture.image for picture in self._format.encode(prompt).pictures]
        num_tiles: list[list[int]] = self._image_processor([images], return_tensors="pt")["num_tiles"]
        return int(sum(num_tiles[0])) * self._sizes.num_patches


def measure_bandwidth(device: torch.device) -> float:
    """Measure how fast memory is read: bytes a second, the best of a few tries."""
    ones = torch.ones((2**30 if device.type == "cpu" else 2**32) // 4, device=device)
    best = float("inf")
    for _ in range(6):
        _wait_for(device)
        started = time.perf_counter()
        ones.sum()
        _wait_for(device)
        best = min(best, time.perf_counter() - started)
    return ones.nbytes / best


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
