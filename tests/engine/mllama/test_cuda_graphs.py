"""Steps that are captured and replayed give the tokens that steps run eagerly give."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from langchain_llava_o1.engine import model_runner
from langchain_llava_o1.engine.cache.slots import Slots
from langchain_llava_o1.engine.cache.states import States
from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.loading.checkpoint import load_checkpoint
from langchain_llava_o1.engine.mllama import cuda_graphs
from langchain_llava_o1.engine.mllama.cuda_graphs import CudaGraphSteps, choose_graph_capture
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.request import Request, Sampling, Turn
from langchain_llava_o1.engine.settings import EngineSettings
from tests.engine.reference import Reference
from tests.engine.test_equality import CONVERSATIONS, answer, check
from tests.engine.traced_graphs import TracedGraph, choose_traced_graphs


@pytest.fixture
def graph_engine(tiled_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(model_runner, "choose_graph_capture", choose_traced_graphs)
    monkeypatch.setattr(TracedGraph, "num_captured", 0)
    monkeypatch.setattr(TracedGraph, "num_replayed", 0)
    engine = Engine(load_checkpoint(EngineSettings(str(tiled_checkpoint), device="cpu")))
    yield engine
    engine.close()


async def test_answers_are_those_of_generate(graph_engine: Engine, tiled_reference: Reference) -> None:
    for turns in CONVERSATIONS.values():
        check(await answer(graph_engine, turns), turns, tiled_reference)
    answers = await asyncio.gather(*(answer(graph_engine, turns) for turns in CONVERSATIONS.values()))
    for deltas, turns in zip(answers, CONVERSATIONS.values(), strict=True):
        check(deltas, turns, tiled_reference)

    assert TracedGraph.num_captured
    assert TracedGraph.num_replayed > graph_engine.statistics.num_steps / 2


@pytest.fixture
def room_for_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_graphs, "MOST_PICTURES", 0)


@pytest.mark.usefixtures("room_for_no_picture")
def test_more_pictures_than_there_is_room_for_are_attended_to_eagerly(
    graph_engine: Engine, tiled_reference: Reference
) -> None:
    turns = CONVERSATIONS["two pictures"]

    check(list(graph_engine.generate(Request(turns, Sampling(max_tokens=24)))), turns, tiled_reference)

    assert not TracedGraph.num_captured


def test_where_memory_for_many_pictures_runs_out_there_is_room_for_fewer(
    tiled_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Mllama(load_checkpoint(EngineSettings(str(tiled_checkpoint), device="cpu")).model)
    monkeypatch.setattr(cuda_graphs, "MOST_PICTURES", 100)
    few, other, many = (
        States(
            tuple(torch.rand(2, model.num_key_heads, size, model.head_size) for _ in model.picture_devices)
        )
        for size in (2, 2, 300)
    )
    slots = Slots(model)
    slots.add([None])
    steps = CudaGraphSteps(model, slots, TracedGraph)

    def step_beside(pictures: States) -> torch.Tensor:
        assert steps.lay_out([id(pictures)], [pictures])
        with torch.inference_mode():
            return steps.step([1], [0]).clone()

    expected = step_beside(few)
    assert not torch.equal(step_beside(other), expected)

    def run_out_of_memory(*arguments: object, **settings: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB.")

    with monkeypatch.context() as short:
        short.setattr(torch, "zeros", run_out_of_memory)
        with pytest.raises(torch.OutOfMemoryError):
            steps.lay_out(["many"], [many])

    assert torch.equal(step_beside(few), expected)
    assert not torch.equal(step_beside(many), expected)


def test_a_size_is_captured_once_and_only_a_few_are_kept(
    graph_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def generate(num_rows: int) -> None:
        turns = (Turn("user", ("How many red circles?",)),)
        list(graph_engine.generate(Request(turns, Sampling(max_tokens=9), n=num_rows)))

    monkeypatch.setattr(cuda_graphs, "MOST_GRAPHS", 2)
    for num_rows in (4, 1, 2, 1, 2, 3, 4):
        generate(num_rows)

    # Three rows are stepped as four are; four were forgotten for two, and one for four.
    assert TracedGraph.num_captured == 4


def test_a_step_that_cannot_be_captured_is_run_eagerly(
    tiled_checkpoint: Path, tiled_reference: Reference, monkeypatch: pytest.MonkeyPatch, caplog: object
) -> None:
    def refuse(step: object) -> TracedGraph:
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(model_runner, "choose_graph_capture", lambda model: refuse)
    engine = Engine(load_checkpoint(EngineSettings(str(tiled_checkpoint), device="cpu")))
    turns = CONVERSATIONS["picture"]

    check(list(engine.generate(Request(turns, Sampling(max_tokens=24)))), turns, tiled_reference)
    engine.close()


def test_nothing_is_captured_on_a_processor(tiled_checkpoint: Path) -> None:
    model = load_checkpoint(EngineSettings(str(tiled_checkpoint), device="cpu")).model

    with torch.inference_mode():
        assert choose_graph_capture(Mllama(model)) is None
