"""Which precision a processor computes in fastest: some have no fast bfloat16."""

import functools
import time

import torch
from torch.nn import functional

_NUM_ROWS = 8
_NUM_LAYERS = 8
_NUM_TRIES = 5
# Half the precision has to be worth it.
_LEAST_GAIN = 1.2


@functools.lru_cache
def fastest_dtype(hidden_size: int, intermediate_size: int, num_rows: int = _NUM_ROWS) -> torch.dtype:
    """Measure for some hundredths of a second what a few layers of a model's size take.

    Args:
        hidden_size: Of the model.
        intermediate_size: Of its layers.
        num_rows: Tokens that go through a layer at once; few of them when answers are generated.

    Returns:
        bfloat16 where it is clearly faster than float32, else float32.
    """
    single, half = (
        min(measure_layers(dtype, hidden_size, intermediate_size, num_rows))
        for dtype in (torch.float32, torch.bfloat16)
    )
    return torch.bfloat16 if single >= _LEAST_GAIN * half else torch.float32


def measure_layers(
    dtype: torch.dtype, hidden_size: int, intermediate_size: int, num_rows: int = _NUM_ROWS
) -> list[float]:
    """Measure the seconds that a few layers take, in several tries."""
    states = torch.ones(num_rows, hidden_size, dtype=dtype)
    # Several, so that they come from memory as a model's weights do.
    weights = [torch.ones(intermediate_size, hidden_size, dtype=dtype) for _ in range(_NUM_LAYERS)]
    seconds = []
    with torch.inference_mode():
        for _ in range(_NUM_TRIES):
            started = time.perf_counter()
            for weight in weights:
                functional.linear(states, weight)
            seconds.append(time.perf_counter() - started)
    return seconds
