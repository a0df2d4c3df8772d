"""The next token of every row of a batch at once, each row drawing from its own random stream."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

import torch

from langchain_llava_o1.engine.request import Sampling
from langchain_llava_o1.engine.transfer import send

# Below this the division by the temperature overflows, and nothing but the likeliest token is ever drawn.
_SMALLEST_TEMPERATURE = 1e-4


class Choice(NamedTuple):
    """The tokens chosen for a batch.

    Attributes:
        token_ids: One for each row.
        logprobs: The log-probability of each under the full softmax at temperature 1.
    """

    token_ids: list[int]
    logprobs: list[float]


class RandomStream:
    """The random numbers of one row; the next one stays the same until it is used."""

    def __init__(self, seed: str | int | None) -> None:
        """Begin a stream: the same for the same seed, a fresh one for None."""
        self._random = Random(seed)
        self._next: float | None = None

    def peek(self) -> float:
        """Look at the next number, at least 0 and below 1."""
        if self._next is None:
            # 24 bits are exact in float32, so that a draw is always below 1.
            self._next = self._random.getrandbits(24) * 2.0**-24
        return self._next

    def use(self) -> None:
        """Go on to the number after the one that was looked at; if none was, stay."""
        self._next = None


class BatchSampler:
    """How the rows of one batch choose their tokens."""

    def __init__(
        self, settings: Sequence[Sampling], streams: Sequence[RandomStream], device: torch.device
    ) -> None:
        """Note the settings and random streams of the rows, in batch order."""
        self._streams = streams
        self._is_sampled = [setting.temperature > 0 for setting in settings]
        self._has_sampled = any(self._is_sampled)
        self._has_nucleus = any(setting.temperature > 0 and setting.top_p < 1 for setting in settings)
        self._device = device
        self._sampled_rows = send(self._is_sampled, device)
        temperatures = [float(max(setting.temperature, _SMALLEST_TEMPERATURE)) for setting in settings]
        self._temperatures = send(temperatures, device)[:, None]
        self._top_ps = send([float(setting.top_p) for setting in settings], device)[:, None]

    def choose(self, logits: torch.Tensor) -> Choice:
        """Choose a token for each row.

        A row's choice depends on its own logits, settings and stream, never on its neighbours. When this
        fails, no random number is used: repeated, it chooses as it would have.

        Args:
            logits: Float32 tensor ``[rows, vocabulary]``.
        """
        token_ids = logits.argmax(dim=-1, keepdim=True)
        if self._has_sampled:
            token_ids = torch.where(self._sampled_rows[:, None], self._draw(logits, token_ids), token_ids)
        logprobs = logits.gather(-1, token_ids) - logits.logsumexp(dim=-1, keepdim=True)
        # Both are read in one transfer; the wait for it is the only one of a step. float32 holds every token
        # id exactly: they are below 2 to the power of 24.
        read_ids, read_logprobs = torch.stack((token_ids[:, 0].float(), logprobs[:, 0])).tolist()
        for stream in self._streams:
            stream.use()
        return Choice([int(token_id) for token_id in read_ids], read_logprobs)

    def _draw(self, logits: torch.Tensor, likeliest: torch.Tensor) -> torch.Tensor:
        probabilities = (logits / self._temperatures).softmax(dim=-1)
        if self._has_nucleus:
            probabilities = torch.where(
                self._top_ps < 1, _keep_nucleus(probabilities, self._top_ps), probabilities
            )
        cumulative = probabilities.cumsum(dim=-1)
        draws = [
            stream.peek() if is_sampled else 0.0
            for stream, is_sampled in zip(self._streams, self._is_sampled, strict=True)
        ]
        thresholds = send(draws, self._device)[:, None] * cumulative[:, -1:]
        drawn = torch.searchsorted(cumulative, thresholds, right=True).clamp_(max=logits.shape[-1] - 1)
        # Rounding in the sum can land a draw on a token of no probability.
        return torch.where(probabilities.gather(-1, drawn) > 0, drawn, likeliest)


def _keep_nucleus(probabilities: torch.Tensor, top_ps: torch.Tensor) -> torch.Tensor:
    """Zero what is outside the smallest set of tokens whose probability reaches ``top_ps``."""
    ordered, order = probabilities.sort(dim=-1, descending=True)
    is_outside = ordered.cumsum(dim=-1) - ordered >= top_ps
    return probabilities.masked_fill(is_outside.scatter(-1, order, is_outside), 0.0)
