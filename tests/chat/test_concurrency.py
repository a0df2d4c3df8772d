"""Many calls of a chat model at once, and calls that fail or are left."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from PIL import Image

from langchain_llava_o1.chat import local_engine
from langchain_llava_o1.engine.settings import EngineSettings
from langchain_llava_o1.errors import (
    GenerationError,
    GenerationTimeout,
    MessageError,
)
from langchain_llava_o1.pictures.picture import Picture
from tests.asking import add_up, chat, picture_block
from tests.scripted_engine import ANSWER, Script, ScriptedEngine


async def test_many_calls_are_answered_at_once_without_threads(script: Script) -> None:
    engine = script(ANSWER)
    model = chat()
    await model.ainvoke("load")
    num_threads = threading.active_count()
    most_threads = 0

    async def watch() -> None:
        nonlocal most_threads
        while True:
            most_threads = max(most_threads, threading.active_count())
            await asyncio.sleep(0)

    watcher = asyncio.create_task(watch())
    answers = await model.abatch(["How many?"] * 40)
    watcher.cancel()
    assert {answer.content for answer in answers} == {"There are 2."}
    assert engine.most_active == 40
    assert most_threads <= num_threads


async def test_the_model_loads_off_the_event_loop_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def load(settings: EngineSettings) -> ScriptedEngine:
        threads.append(threading.current_thread())
        return ScriptedEngine(ANSWER)

    monkeypatch.setattr(local_engine, "load_engine", load)
    model = chat()
    await model.ainvoke("a")
    await model.ainvoke("a")
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


def test_a_copy_with_other_settings_loads_its_own_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []

    def load(settings: EngineSettings) -> ScriptedEngine:
        loaded.append((settings.model, settings.dtype, settings.quantization))
        return ScriptedEngine(ANSWER)

    monkeypatch.setattr(local_engine, "load_engine", load)
    model = chat(dtype="float32")
    model.invoke("a")
    model.model_copy(update={"model": "other", "quantization": "4bit"}).invoke("a")
    assert loaded == [("any", "float32", None), ("other", "float32", "4bit")]


async def test_pictures_are_decoded_off_the_event_loop(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = script(ANSWER)
    threads = []
    original = Image.open

    def watched(*arguments: Any, **options: Any) -> Image.Image:
        threads.append(threading.current_thread())
        return original(*arguments, **options)

    block = picture_block(2, 2)
    monkeypatch.setattr(Image, "open", watched)
    await chat().ainvoke([HumanMessage([block, {"type": "text", "text": "What?"}])])
    assert isinstance(engine.requests[0].turns[0].parts[0], Picture)
    assert threads
    assert threading.main_thread() not in threads


def test_failures_of_the_engine_are_retried(script: Script) -> None:
    engine = script(ANSWER, failures={0: GenerationError("broke")})
    assert chat().invoke("a").content == "There are 2."
    assert len(engine.requests) == 2


@pytest.mark.parametrize("error", [GenerationTimeout("slow"), MessageError("no"), ValueError("bug")])
def test_other_failures_are_not_retried(script: Script, error: Exception) -> None:
    engine = script(ANSWER, failures={0: error})
    with pytest.raises(type(error)):
        chat().invoke("a")
    assert len(engine.requests) == 1


async def test_retries_end(script: Script) -> None:
    engine = script(ANSWER, failures=dict.fromkeys(range(9), GenerationError("broke")))
    with pytest.raises(GenerationError):
        await chat(max_retries=1).ainvoke("a")
    assert len(engine.requests) == 2


async def test_a_stream_is_retried_only_before_its_first_chunk(script: Script) -> None:
    engine = script(ANSWER, chunk_size=2, failures={0: GenerationError("broke")})
    assert add_up(list(chat().stream("a"))).content == "There are 2."
    assert add_up([chunk async for chunk in chat().astream("a")]).content == "There are 2."
    engine = script(ANSWER, chunk_size=20, failures={0: GenerationError("broke")})
    with pytest.raises(GenerationError):
        list(chat().stream("a"))
    assert len(engine.requests) == 1


async def test_a_stream_that_is_left_ends_the_request(script: Script) -> None:
    engine = script(ANSWER)
    stream = chat().stream("a")
    assert isinstance(stream, Generator)
    next(stream)
    stream.close()
    assert engine.num_closed == 1
    async_stream = chat().astream("a")
    assert isinstance(async_stream, AsyncGenerator)
    await anext(async_stream)
    await async_stream.aclose()
    assert engine.num_closed == 2


async def test_cancelling_a_call_ends_the_request(script: Script) -> None:
    engine = script(ANSWER, chunk_size=1)
    task = asyncio.create_task(chat().ainvoke("a"))
    while not engine.num_active:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (engine.num_active, engine.num_closed) == (0, 1)
