"""Steps that are recorded and replayed give the tokens that steps taken live give."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from langchain_llava_o1.engine import model_runner as decoding
from langchain_llava_o1.engine.cache.states import States
from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.loading.checkpoint import EngineSettings, load_checkpoint
from langchain_llava_o1.engine.mllama import cuda_graphs as recorded_steps
from langchain_llava_o1.engine.mllama.cuda_graphs import choose_recorder
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.request import Request, Sampling, Turn
from tests.engine.reference import Reference
from tests.engine.test_equality import CONVERSATIONS, answer, check
from tests.engine.traced_steps import TracedStep, choose_traced_steps


@pytest.fixture
def recorded_engine(tiled_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(decoding, "choose_recorder", choose_traced_steps)
    monkeypatch.setattr(TracedStep, "num_recorded", 0)
    monkeypatch.setattr(TracedStep, "num_replayed", 0)
    engine = Engine(load_checkpoint(EngineSettings(str(tiled_checkpoint), device="cpu")))
    yield engine
    engine.close()


async def test_answers_are_those_of_generate(recorded_engine: Engine, tiled_reference: Reference) -> None:
    for turns in CONVERSATIONS.values():
        check(await answer(recorded_engine, turns), turns, tiled_reference)
    answers = await asyncio.gather(*(answer(recorded_engine, turns) for turns in CONVERSATIONS.values()))
    for deltas, turns in zip(answers, CONVERSATIONS.values(), strict=True):
        check(deltas, turns, tiled_reference)

    assert TracedStep.num_recorded
    assert TracedStep.num_replayed > recorded_engine.statistics.num_steps / 2


@pytest.fixture
def room_for_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded_steps, "_MOST_PICTURES", 0)


@pytest.mark.usefixtures("room_for_no_picture")
def test_more_pictures_than_there_is_room_for_are_attended_to_live(
    recorded_engine: Engine, tiled_reference: Reference
) -> None:
    turns = CONVERSATIONS["two pictures"]

    check(list(recorded_engine.generate(Request(turns, Sampling(max_tokens=24)))), turns, tiled_reference)

    assert not TracedStep.num_recorded


def test_where_memory_for_many_pictures_runs_out_there_is_room_for_fewer(
    recorded_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded_steps, "_PICTURE_STEP", 1)
    steps = recorded_engine._batch._recorded
    assert steps is not None
    model = steps._model
    few, many = (
        States(
            tuple(torch.rand(2, model.num_key_heads, size, model.head_size) for _ in model.picture_devices)
        )
        for size in (2, 4)
    )
    assert steps.lay_out(["few"], [few])

    def run_out_of_memory(*arguments: object, **settings: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB.")

    with monkeypatch.context() as short:
        short.setattr(torch, "zeros", run_out_of_memory)
        with pytest.raises(torch.OutOfMemoryError):
            steps.lay_out(["many"], [many])

    assert steps.lay_out(["few"], [few])
    for room, layer in zip(steps._pictures, few.layers, strict=True):
        assert torch.equal(room[:, :, :2], layer)


def test_a_size_is_recorded_once_and_only_a_few_are_kept(
    recorded_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def generate(num_rows: int) -> None:
        turns = (Turn("user", ("How many red circles?",)),)
        list(recorded_engine.generate(Request(turns, Sampling(max_tokens=9), n=num_rows)))

    monkeypatch.setattr(recorded_steps, "_MOST_RECORDINGS", 2)
    for num_rows in (4, 1, 2, 1, 2, 3, 4):
        generate(num_rows)

    # Three rows are stepped as four are; four were forgotten for two, and one for four.
    assert TracedStep.num_recorded == 4


def test_a_step_that_cannot_be_recorded_is_taken_live(
    tiled_checkpoint: Path, tiled_reference: Reference, monkeypatch: pytest.MonkeyPatch, caplog: object
) -> None:
    def refuse(step: object) -> TracedStep:
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(decoding, "choose_recorder", lambda model: refuse)
    engine = Engine(load_checkpoint(EngineSettings(str(tiled_checkpoint), device="cpu")))
    turns = CONVERSATIONS["picture"]

    check(list(engine.generate(Request(turns, Sampling(max_tokens=24)))), turns, tiled_reference)
    engine.close()


def test_nothing_is_recorded_on_a_processor(tiled_checkpoint: Path) -> None:
    model = load_checkpoint(EngineSettings(str(tiled_checkpoint), device="cpu")).model

    with torch.inference_mode():
        assert choose_recorder(Mllama(model)) is None
