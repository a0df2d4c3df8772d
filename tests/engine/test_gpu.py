"""What only a GPU shows: decode steps captured as CUDA graphs."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.loading.checkpoint import load_checkpoint
from langchain_llava_o1.engine.mllama.cuda_graphs import CapturedGraph
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


def test_sampled_rows_differ(gpu_engine: Engine) -> None:
    request = Request(CONVERSATIONS["picture"], Sampling(1.0, seed=3, max_tokens=24), n=8)

    texts = [""] * 8
    for delta in gpu_engine.generate(request):
        texts[delta.index] += delta.text

    assert len(set(texts)) == 8
