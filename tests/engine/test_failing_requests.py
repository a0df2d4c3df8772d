"""A request that fails is told why, and costs no other its answer."""

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.loading.checkpoint import load_checkpoint
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.prefill import Prefiller
from langchain_llava_o1.engine.request import Request, Sampling, Turn
from langchain_llava_o1.engine.settings import EngineSettings
from langchain_llava_o1.errors import ContextLengthError, GenerationError, QueueFullError
from tests.engine.answering import QUESTION, answer, answer_async, slow_down, text_of
from tests.engine.pictures import draw_noise


def test_more_requests_than_the_engine_takes_are_refused(random_checkpoint: Path) -> None:
    checkpoint = load_checkpoint(EngineSettings(str(random_checkpoint), device="cpu"))
    engine = Engine(checkpoint, max_requests=2)
    request = Request(QUESTION, Sampling(max_tokens=16), is_streamed=True)
    under_way = [engine.generate(request) for _ in range(2)]
    first = [next(deltas) for deltas in under_way]

    with pytest.raises(QueueFullError, match=r"2 requests under way and takes no more than max_requests=2"):
        next(engine.generate(request))
    whole = [[delta, *rest] for delta, rest in zip(first, under_way, strict=True)]

    assert text_of(whole[0]) == text_of(whole[1]) == text_of(answer(engine))
    engine.close()


async def test_a_bad_request_hurts_no_other(engine: Engine) -> None:
    lost = draw_noise(99)  # one that the engine has not seen
    lost.image.close()
    pictureless = (Turn("user", (lost, "?")),)
    too_long = (Turn("user", ("\x00" * 600,)),)
    outcomes = await asyncio.gather(
        *(
            answer_async(engine, Request(turns, Sampling(max_tokens=8)))
            for turns in (QUESTION, pictureless, too_long)
        ),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], list)
    assert isinstance(outcomes[1], GenerationError)
    assert isinstance(outcomes[2], ContextLengthError)


def run_out_of_memory(monkeypatch: pytest.MonkeyPatch, is_failing: Callable[[int, int], bool]) -> None:
    """Let model calls fail, chosen by their number and by how many tokens they read."""
    read = Mllama.forward
    numbers = itertools.count()

    def fail_at_times(self: Mllama, token_ids: Any, *arguments: Any, **settings: Any) -> Any:
        if is_failing(next(numbers), len(token_ids)):
            raise RuntimeError("CUDA out of memory. Tried to allocate 20 GiB.")
        return read(self, token_ids, *arguments, **settings)

    monkeypatch.setattr(Mllama, "forward", fail_at_times)


def test_a_model_that_always_fails_is_an_error_and_the_engine_goes_on(
    own_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        run_out_of_memory(broken, lambda number, num_tokens: True)
        with pytest.raises(GenerationError, match=r"ran out of memory.*Send fewer requests"):
            answer(own_engine, n=2)
    assert answer(own_engine)[-1].finish_reason


def test_running_out_of_memory_costs_no_answer(own_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"temperature": 1.0, "seed": 3, "n": 8}
    expected = [text_of(answer(own_engine, **settings), index) for index in range(8)]

    run_out_of_memory(monkeypatch, lambda number, num_tokens: number % 5 == 0 or 2 < num_tokens <= 8)
    rows = answer(own_engine, **settings)

    assert [text_of(rows, index) for index in range(8)] == expected


def test_a_prompt_that_fails_leaves_running_rows_alone(
    own_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = text_of(answer(own_engine, temperature=1.0, seed=0, max_tokens=60))
    slow_down(monkeypatch, 0.005)
    running = own_engine.generate(Request(QUESTION, Sampling(temperature=1.0, seed=0, max_tokens=60)))
    first = next(running)
    monkeypatch.setattr(Prefiller, "read", lambda self, prompts: 1 / 0)
    with pytest.raises(GenerationError, match="ZeroDivisionError"):
        answer(own_engine)
    assert text_of([first, *running]) == expected
