"""The next token of every row of a batch at once, each row drawing from its own random stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import torch

from langchain_llava_o1.engine.request import Sampling
from langchain_llava_o1.engine.transfer import send

# Below this the division by the temperature overflows, and nothing but the likeliest token is ever drawn.
_SMALLEST_TEMPERATURE = 1e-4


@dataclass(frozen=True)
class Choice:
    """The tokens chosen for a batch.

    Attributes:
        token_ids: Tensor ``[rows]``.
        logprobs: Tensor ``[rows]``, log-probability of each under the full softmax at temperature 1.
    """

    token_ids: torch.Tensor
    logprobs: torch.Tensor

    def read(self) -> tuple[list[int], list[float]]:
        """Read both in one transfer; the wait for it is the only one of a step."""
        # float32 holds every token id exactly: they are below 2 to the power of 24.
        token_ids, logprobs = torch.stack((self.token_ids.float(), self.logprobs)).tolist()
        return [int(token_id) for token_id in token_ids], logprobs


class RowSampler:
    """How the rows of one batch choose their tokens."""

    def __init__(self, settings: Sequence[Sampling], streams: Sequence[Random], device: torch.device) -> None:
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

        A row's choice depends on its own logits, settings and stream, never on its neighbours.

        Args:
            logits: Float32 tensor ``[rows, vocabulary]``.
        """
        token_ids = logits.argmax(dim=-1, keepdim=True)
        if self._has_sampled:
            token_ids = torch.where(self._sampled_rows[:, None], self._draw(logits, token_ids), token_ids)
        logprobs = logits.gather(-1, token_ids) - logits.logsumexp(dim=-1, keepdim=True)
        return Choice(token_ids[:, 0], logprobs[:, 0])

    def _draw(self, logits: torch.Tensor, likeliest: torch.Tensor) -> torch.Tensor:
        probabilities = (logits / self._temperatures).softmax(dim=-1)
        if self._has_nucleus:
            probabilities = torch.where(
                self._top_ps < 1, _keep_nucleus(probabilities, self._top_ps), probabilities
            )
        cumulative = probabilities.cumsum(dim=-1)
        # 24 bits are exact in float32, so that a draw is always below 1.
        draws = [
            stream.getrandbits(24) * 2.0**-24 if is_sampled else 0.0
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
