"""What is no longer wanted is computed no further."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.request import Request, Sampling
from langchain_llava_o1.errors import GenerationError, GenerationTimeout
from tests.engine.answering import ENDLESS, QUESTION, answer, answer_async, slow_down


def test_closing_the_iterator_cancels(own_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_down(monkeypatch, 0.01)
    stream = own_engine.generate(
        Request(QUESTION, Sampling(temperature=1.0, seed=0, max_tokens=ENDLESS), n=8)
    )
    next(stream)
    stream.close()
    check_that_nothing_else_is_generated(own_engine)


async def test_cancelling_the_task_cancels(own_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_down(monkeypatch, 0.01)
    request = Request(QUESTION, Sampling(temperature=1.0, seed=0, max_tokens=ENDLESS), n=8)
    is_answering = asyncio.Event()

    async def answer_on() -> None:
        async for _ in own_engine.agenerate(request):
            is_answering.set()

    task = asyncio.create_task(answer_on())
    await is_answering.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    check_that_nothing_else_is_generated(own_engine)


def check_that_nothing_else_is_generated(engine: Engine) -> None:
    # Before it has answered this, the engine has seen what was cancelled.
    answer(engine, max_tokens=1)
    before = engine.statistics.num_generated
    deltas = answer(engine, max_tokens=8)
    assert engine.statistics.num_generated - before == sum(delta.num_tokens for delta in deltas)


async def test_a_timeout_is_an_error(own_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_down(monkeypatch, 0.05)
    request = Request(QUESTION, Sampling(max_tokens=ENDLESS), timeout=0.2)
    with pytest.raises(GenerationTimeout, match=r"timeout of 0\.2 s"):
        list(own_engine.generate(request))
    with pytest.raises(GenerationTimeout, match=r"timeout of 0\.2 s"):
        await answer_async(own_engine, request)
    check_that_nothing_else_is_generated(own_engine)


def test_a_closed_engine_fails_what_waits_and_refuses_more(
    own_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_down(monkeypatch, 0.02)
    stream = own_engine.generate(Request(QUESTION, Sampling(temperature=1.0, seed=0, max_tokens=ENDLESS)))
    next(stream)
    own_engine.close()
    with pytest.raises(GenerationError, match="closed before it had answered"):
        list(stream)
    with pytest.raises(GenerationError, match="engine is closed"):
        answer(own_engine)


@pytest.mark.long
def test_the_interpreter_exits_promptly_in_mid_answer(random_checkpoint: Path) -> None:
    code = (
        "import sys, time\n"
        "from langchain_llava_o1.engine.mllama.network import Mllama\n"
        "from langchain_llava_o1.engine.settings import EngineSettings\n"
        "from langchain_llava_o1.engine.registry import load_engine\n"
        "from langchain_llava_o1.engine.request import Request, Sampling, Turn\n"
        "engine = load_engine(EngineSettings(sys.argv[1], device='cpu'))\n"
        "request = Request((Turn('user', ('?',)),), Sampling(1.0, seed=0, max_tokens=400), n=60)\n"
        "next(stream := engine.generate(request))\n"
        "read = Mllama.forward\n"
        "def read_slowly(*arguments, **options):\n"
        "    time.sleep(5)\n"
        "    return read(*arguments, **options)\n"
        "Mllama.forward = read_slowly\n"
    )
    # To its end the answer would take more than half an hour.
    done = subprocess.run(
        [sys.executable, "-c", code, str(random_checkpoint)],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    assert "Traceback" not in done.stderr
