from collections import Counter
from typing import Any

import pytest
import torch

from langchain_llava_o1.engine.request import Sampling
from langchain_llava_o1.engine.sampling import BatchSampler, RandomStream

PROBABILITIES = torch.tensor([0.1, 0.5, 0.05, 0.35])


def draw(settings: list[Sampling], streams: list[RandomStream], logits: torch.Tensor) -> list[int]:
    sampler = BatchSampler(settings, streams, torch.device("cpu"))
    return sampler.choose(logits).token_ids


def shares(sampling: Sampling, num_draws: int = 4000) -> dict[int, float]:
    logits = PROBABILITIES.log().expand(num_draws, -1)
    chosen = draw([sampling] * num_draws, [RandomStream(seed) for seed in range(num_draws)], logits)
    return {token_id: count / num_draws for token_id, count in Counter(chosen).items()}


def test_zero_temperature_takes_the_likeliest() -> None:
    assert shares(Sampling(temperature=0.0), 10) == {1: 1.0}


@pytest.mark.parametrize("temperature", [1e-45, 1e-3])
def test_a_tiny_temperature_takes_the_likeliest(temperature: float) -> None:
    assert shares(Sampling(temperature=temperature), 10) == {1: 1.0}


def test_draws_follow_the_probabilities() -> None:
    assert shares(Sampling(temperature=1.0)) == pytest.approx(
        dict(enumerate(PROBABILITIES.tolist())), abs=0.03
    )


def test_draws_follow_the_temperature() -> None:
    expected = (PROBABILITIES.log() / 2.0).softmax(-1).tolist()
    assert shares(Sampling(temperature=2.0)) == pytest.approx(dict(enumerate(expected)), abs=0.03)


def test_top_p_keeps_the_smallest_sufficient_set() -> None:
    assert shares(Sampling(temperature=1.0, top_p=0.6)) == pytest.approx(
        {1: 0.5 / 0.85, 3: 0.35 / 0.85}, abs=0.03
    )
    assert shares(Sampling(temperature=1.0, top_p=0.5)) == {1: 1.0}
    assert shares(Sampling(temperature=1.0, top_p=1e-6)) == {1: 1.0}


def test_neighbours_change_nothing() -> None:
    logits = torch.randn(3, 50, generator=torch.Generator().manual_seed(0))
    settings = [Sampling(temperature=1.0), Sampling(temperature=1.5, top_p=0.7), Sampling()]
    together = BatchSampler(settings, [RandomStream(seed) for seed in range(3)], torch.device("cpu"))
    alone = [
        BatchSampler([setting], [RandomStream(seed)], torch.device("cpu"))
        for seed, setting in enumerate(settings)
    ]
    for _ in range(20):
        expected = [sampler.choose(logits[row : row + 1]).token_ids[0] for row, sampler in enumerate(alone)]
        assert together.choose(logits).token_ids == expected


def test_a_choice_that_failed_can_be_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    logits = torch.randn(3, 50, generator=torch.Generator().manual_seed(0))
    settings = [Sampling(temperature=1.0), Sampling(), Sampling(temperature=1.5, top_p=0.7)]
    undisturbed, disturbed = (
        BatchSampler(settings, [RandomStream(seed) for seed in range(3)], torch.device("cpu"))
        for _ in range(2)
    )
    for _ in range(20):
        for holder, name in ((torch.Tensor, "softmax"), (torch.Tensor, "gather"), (torch, "stack")):
            with monkeypatch.context() as short:
                short.setattr(holder, name, run_out_of_memory)
                with pytest.raises(torch.OutOfMemoryError):
                    disturbed.choose(logits)
        assert disturbed.choose(logits) == undisturbed.choose(logits)


def run_out_of_memory(*arguments: Any, **settings: Any) -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB.")


def test_log_probabilities_are_those_of_the_full_softmax() -> None:
    logits = torch.randn(1, 50, generator=torch.Generator().manual_seed(0))
    choice = BatchSampler(
        [Sampling(temperature=0.5, top_p=0.3)], [RandomStream(1)], torch.device("cpu")
    ).choose(logits)
    expected = logits.log_softmax(-1)[0, choice.token_ids[0]]
    assert choice.logprobs[0] == pytest.approx(expected.item(), abs=1e-6)


def test_impossible_tokens_are_never_drawn() -> None:
    logits = torch.full((500, 8), float("-inf"))
    logits[:, 3] = 0.0
    assert set(draw([Sampling(temperature=1.0)] * 500, [RandomStream(i) for i in range(500)], logits)) == {3}
