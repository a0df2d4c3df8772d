"""What only a GPU shows: decode steps captured as CUDA graphs."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.loading.checkpoint import load_checkpoint
from langchain_llava_o1.engine.mllama.cuda_graphs import CapturedGraph, choose_graph_capture
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.request import Request, Sampling
from langchain_llava_o1.engine.settings import EngineSettings
from tests.engine.reference import Reference
from tests.engine.test_equality import CONVERSATIONS, answer, check

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.fixture
def gpu_engine(tiled_checkpoint: Path) -> Iterator[Engine]:
    settings = EngineSettings(str(tiled_checkpoint), device="cuda", dtype="float32")
    engine = Engine(load_checkpoint(settings))
    yield engine
    engine.close()


def kept_graphs(engine: Engine) -> list[CapturedGraph]:
    steps = engine._runner._graph_steps
    assert steps is not None
    return list(steps._graphs.values())


async def test_steps_are_captured_and_again_after_all_graphs_were_forgotten(
    gpu_engine: Engine, tiled_reference: Reference, caplog: pytest.LogCaptureFixture
) -> None:
    turns = CONVERSATIONS["two pictures"]
    for _ in range(3):
        check(await answer(gpu_engine, turns), turns, tiled_reference)
        assert kept_graphs(gpu_engine)
        gpu_engine.forget()

    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_capture_that_fails_leaves_random_numbers_and_later_captures_as_they_were(
    tiled_checkpoint: Path,
) -> None:
    settings = EngineSettings(str(tiled_checkpoint), device="cuda", dtype="float32")
    capture = choose_graph_capture(Mllama(load_checkpoint(settings).model))
    assert capture is not None
    numbers = torch.ones(4, device="cuda")

    for _ in range(2):
        with pytest.raises(RuntimeError):
            # The host waits for a value, which no graph can hold.
            capture(lambda: numbers * numbers.sum().item())

        assert torch.rand(4, device="cuda").max() < 1
        graph = capture(lambda: numbers * 2)
        assert graph.replay().tolist() == [2.0] * 4


def test_sampled_rows_differ(gpu_engine: Engine) -> None:
    request = Request(CONVERSATIONS["picture"], Sampling(1.0, seed=3, max_tokens=24), n=8)

    texts = [""] * 8
    for delta in gpu_engine.generate(request):
        texts[delta.index] += delta.text

    assert len(set(texts)) == 8
