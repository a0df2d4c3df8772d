"""How many threads a model computes with, and that no other thread is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.loading import threads
from langchain_llava_o1.engine.loading.checkpoint import load_checkpoint
from langchain_llava_o1.engine.loading.short_lived_thread import run_in_short_lived_thread
from langchain_llava_o1.engine.loading.threads import compute_with, fewest_fast_threads
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.request import Request, Sampling, Turn
from langchain_llava_o1.engine.settings import EngineSettings


@pytest.fixture
def four_by_default() -> Iterator[None]:
    """Threads that compute for the first time would do so with four."""
    before = torch.get_num_threads()
    run_in_short_lived_thread(lambda: torch.set_num_threads(4))
    fewest_fast_threads.cache_clear()
    yield
    run_in_short_lived_thread(lambda: torch.set_num_threads(before))
    fewest_fast_threads.cache_clear()


@pytest.mark.usefixtures("four_by_default")
@pytest.mark.parametrize(
    ("seconds", "expected"),
    [({1: 1.4, 2: 1.0, 4: 1.0}, 1), ({1: 2.0, 2: 1.1, 4: 1.0}, 2), ({1: 4.0, 2: 2.0, 4: 1.0}, 4)],
    ids=["no gain", "gain of two", "gain of all"],
)
def test_threads_have_to_be_worth_it(
    monkeypatch: pytest.MonkeyPatch, seconds: dict[int, float], expected: int
) -> None:
    monkeypatch.setattr(threads, "measure_layers", lambda *sizes: [seconds[torch.get_num_threads()]])
    assert fewest_fast_threads(8, 16, torch.float32) == expected


@pytest.mark.usefixtures("four_by_default")
def test_threads_have_to_be_worth_it_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    lucky, disturbed = {1: 4.0, 2: 2.0, 4: 1.0}, {1: 1.0, 2: 3.0, 4: 9.0}
    rounds = [lucky] * 3 * 2 + [disturbed] * 3
    monkeypatch.setattr(threads, "measure_layers", lambda *sizes: [rounds.pop(0)[torch.get_num_threads()]])
    assert fewest_fast_threads(8, 16, torch.float32) == 1


@pytest.mark.usefixtures("four_by_default")
def test_a_thread_is_told_alone() -> None:
    def compute() -> int:
        compute_with(3)
        return torch.get_num_threads()

    assert run_in_short_lived_thread(compute) == 3
    assert run_in_short_lived_thread(torch.get_num_threads) == 4


def test_an_engine_computes_with_the_threads_it_is_given(
    random_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = set()
    forward = Mllama.forward

    def note_number(self: Mllama, *arguments: torch.Tensor) -> torch.Tensor:
        numbers.add(torch.get_num_threads())
        return forward(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Mllama, "forward", note_number)
    engine = Engine(load_checkpoint(EngineSettings(str(random_checkpoint), device="cpu")), num_threads=3)
    list(engine.generate(Request((Turn("user", ("How many?",)),), Sampling(max_tokens=2))))
    engine.close()

    assert numbers == {3}
