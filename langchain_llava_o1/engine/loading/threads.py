"""How many threads a model computes with on a processor: for small layers one is fastest.

OpenMP's threads wait for each other after every operation. Where layers are small, or other programs and
other thread pools of this process keep the cores busy, that takes longer than the operation itself.
"""

import functools
from functools import partial
from typing import Any

import torch

from langchain_llava_o1.engine.loading.precision import measure_layers
from langchain_llava_o1.engine.loading.short_lived_thread import run_in_short_lived_thread

# More threads have to be worth it. The layers that are measured are about half of a small model's step, and
# the other half gains nothing; and more threads suffer most when others take the cores.
_LEAST_GAIN = 1.5
# They have to be worth it each time: what runs beside this program for a moment makes either look better.
_NUM_ROUNDS = 4
# Larger layers gain from all threads on any processor that has the cores to itself, and measuring takes long.
_MOST_WEIGHTS_TO_MEASURE = 2**20


def choose_num_threads(text: Any, dtype: torch.dtype) -> int | None:
    """Choose the number of threads for the configuration of a text model; None leaves it to torch."""
    if text.hidden_size * text.intermediate_size > _MOST_WEIGHTS_TO_MEASURE:
        return None
    return fewest_fast_threads(text.hidden_size, text.intermediate_size, dtype)


@functools.lru_cache
def fewest_fast_threads(hidden_size: int, intermediate_size: int, dtype: torch.dtype) -> int:
    """Measure for some hundredths of a second what a few layers of a model's size take.

    Args:
        hidden_size: Of the model.
        intermediate_size: Of its layers.
        dtype: What it computes in.

    Returns:
        The fewest of 1, 2, 4, … threads, up to torch's own number, that are nearly as fast as any at least
        once.
    """
    most: int = run_in_short_lived_thread(torch.get_num_threads)
    numbers: list[int] = [*(2**power for power in range(most.bit_length()) if 2**power < most), most]
    if len(numbers) == 1:
        return most
    fewest = most
    for _ in range(_NUM_ROUNDS):
        seconds = {
            number: run_in_short_lived_thread(
                partial(_measure, number, hidden_size, intermediate_size, dtype)
            )
            for number in numbers
        }
        limit = _LEAST_GAIN * min(seconds.values())
        fewest = min(fewest, next(number for number in numbers if seconds[number] <= limit))
        if fewest == 1:
            break
    return fewest


def compute_with(num_threads: int) -> None:
    """Let the calling thread compute with so many threads; called before its first operation.

    torch keeps the number for the calling thread, and for all that compute later for the first time: for
    those it is set back, in a thread that goes at once.
    """
    before: int = torch.get_num_threads()
    torch.set_num_threads(num_threads)
    run_in_short_lived_thread(partial(torch.set_num_threads, before))


def _measure(num_threads: int, hidden_size: int, intermediate_size: int, dtype: torch.dtype) -> float:
    compute_with(num_threads)
    return min(measure_layers(dtype, hidden_size, intermediate_size))
