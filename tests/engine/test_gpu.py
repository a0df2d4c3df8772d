"""What only a GPU shows: decode steps captured as CUDA graphs."""

import itertools
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from langchain_llava_o1.engine import model_runner
from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.loading.checkpoint import load_checkpoint
from langchain_llava_o1.engine.mllama.cuda_graphs import CapturedGraph, GraphCapture
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.model_runner import Chosen, ModelRunner
from langchain_llava_o1.engine.request import Request, Sampling
from langchain_llava_o1.engine.settings import EngineSettings
from tests.engine.reference import Reference
from tests.engine.test_equality import CONVERSATIONS, answer, check

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@dataclass
class Captures:
    """Counts the graphs that are captured, and keeps none alive."""

    num_captured: int = 0


@pytest.fixture
def captures(monkeypatch: pytest.MonkeyPatch) -> Captures:
    counted = Captures()
    choose = model_runner.choose_graph_capture

    def choose_and_count(model: Mllama) -> GraphCapture:
        capture = choose(model)
        assert capture is not None

        def capture_and_count(step: Callable[[], torch.Tensor]) -> CapturedGraph:
            counted.num_captured += 1
            return capture(step)

        return capture_and_count

    monkeypatch.setattr(model_runner, "choose_graph_capture", choose_and_count)
    return counted


@pytest.fixture
def gpu_engine(tiled_checkpoint: Path, captures: Captures) -> Iterator[Engine]:
    settings = EngineSettings(str(tiled_checkpoint), device="cuda", dtype="float32")
    engine = Engine(load_checkpoint(settings))
    yield engine
    engine.close()


def run_out_of_memory_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next choice fail, whereupon all graphs are forgotten."""
    choose = ModelRunner.choose
    numbers = itertools.count()

    def choose_but_once(runner: ModelRunner) -> list[Chosen]:
        if next(numbers) == 0:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB.")
        return choose(runner)

    monkeypatch.setattr(ModelRunner, "choose", choose_but_once)


async def test_steps_are_captured_and_again_after_all_graphs_were_forgotten(
    gpu_engine: Engine,
    captures: Captures,
    tiled_reference: Reference,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    turns = CONVERSATIONS["two pictures"]
    for _ in range(3):
        num_captured_before = captures.num_captured
        check(await answer(gpu_engine, turns), turns, tiled_reference)
        assert captures.num_captured > num_captured_before
        run_out_of_memory_once(monkeypatch)

    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_sampled_rows_differ(gpu_engine: Engine) -> None:
    request = Request(CONVERSATIONS["picture"], Sampling(1.0, seed=3, max_tokens=24), n=8)

    texts = [""] * 8
    for delta in gpu_engine.generate(request):
        texts[delta.index] += delta.text

    assert len(set(texts)) == 8
