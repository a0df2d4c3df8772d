"""How long one decode step takes, beside the time that reading what it must read would take."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from langchain_llava_o1.engine.chat_format import ChatFormat
from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.loading.short_lived_thread import run_in_short_lived_thread
from langchain_llava_o1.engine.request import Request, Sampling
from langchain_llava_o1.evaluation.speed import Shape
from langchain_llava_o1.evaluation.speed.roofline import Call, MemoryTraffic, Prompt
from langchain_llava_o1.evaluation.speed.shapes import open_checkpoint
from langchain_llava_o1.evaluation.speed.workload import make_work

_FEW_TOKENS, _MANY_TOKENS = 33, 97


@dataclass(frozen=True)
class DecodeStep:
    """One step of a batch of rows about one picture.

    Attributes:
        rows: Rows of the batch.
        seconds: Median over the repeats.
        roofline_ratio: ``seconds`` over the time that reading the weights and the states that the rows attend
            to would take at the measured memory bandwidth.
    """

    rows: int
    seconds: float
    roofline_ratio: float


def measure_decode_steps(
    source: Shape | str,
    *,
    rows: Sequence[int],
    repeats: int,
    place: torch.device,
    bandwidth: float,
    report_run: Callable[[str, float], None],
) -> tuple[DecodeStep, ...]:
    """Measure steps of several sizes, as what a longer answer takes more than a shorter one.

    Args:
        source: A shape, a hub id or a checkpoint's folder.
        rows: Rows of each batch.
        repeats: How often each is measured; the median counts.
        place: Where to run.
        bandwidth: Bytes a second that memory is read at.
        report_run: Called with a name and the seconds of each step.
    """
    if not rows:
        return ()
    load = partial(open_checkpoint, source, device=str(place), dtype=None)
    checkpoint = run_in_short_lived_thread(load)
    traffic = MemoryTraffic(checkpoint)
    chat_format = ChatFormat(checkpoint.tokenizer, checkpoint.chat_template, checkpoint.image_token_id)
    prompt = make_work(1, 1, chat_format.count_tokens)[0].stages[0].prompt
    engine = run_in_short_lived_thread(partial(Engine, checkpoint))
    num_steps = _MANY_TOKENS - _FEW_TOKENS
    found = []
    try:
        for num_rows in rows:
            # What is compiled, captured or read only once is left out.
            _generate(engine, prompt, num_rows, _MANY_TOKENS)
            seconds = []
            for _ in range(repeats):
                few = _generate(engine, prompt, num_rows, _FEW_TOKENS)
                seconds.append((_generate(engine, prompt, num_rows, _MANY_TOKENS) - few) / num_steps)
                report_run(f"decode step of {num_rows} row(s)", seconds[-1])
            few_bytes, many_bytes = (
                traffic.cache_bytes(Call([prompt] * num_rows, num_tokens))
                for num_tokens in (_FEW_TOKENS, _MANY_TOKENS)
            )
            at_bandwidth = (traffic.weight_bytes + (many_bytes - few_bytes) / num_steps) / bandwidth
            median = statistics.median(seconds)
            found.append(DecodeStep(num_rows, median, median / at_bandwidth))
    finally:
        engine.close()
    return tuple(found)


def _generate(engine: Engine, prompt: Prompt, num_rows: int, num_tokens: int) -> float:
    request = Request(prompt, Sampling(1.0, max_tokens=num_tokens), n=num_rows, is_streamed=False)
    started = time.perf_counter()
    for _ in engine.generate(request):
        pass
    return time.perf_counter() - started
