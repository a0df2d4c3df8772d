"""Asking an engine, and reading what it answers."""

import time
from collections.abc import Sequence
from typing import Any

import pytest

from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.mllama.network import Mllama
from langchain_llava_o1.engine.request import Delta, Request, Sampling, Turn
from tests.engine.pictures import draw_noise

QUESTION = (Turn("user", (draw_noise(1), "How many red circles?")),)
ENDLESS = 400


def text_of(deltas: Sequence[Delta], index: int = 0) -> str:
    return "".join(delta.text for delta in deltas if delta.index == index)


def answer(engine: Engine, turns: tuple[Turn, ...] = QUESTION, **settings: Any) -> list[Delta]:
    request_settings = {
        key: settings.pop(key) for key in ("stop", "n", "timeout", "is_streamed") if key in settings
    }
    sampling = Sampling(**{"max_tokens": 16, **settings})
    return list(engine.generate(Request(turns, sampling, **request_settings)))


async def answer_async(engine: Engine, request: Request) -> list[Delta]:
    return [delta async for delta in engine.agenerate(request)]


def slow_down(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Make every model call take time."""
    read = Mllama.forward

    def read_slowly(self: Mllama, *arguments: Any, **settings: Any) -> Any:
        time.sleep(seconds)
        return read(self, *arguments, **settings)

    monkeypatch.setattr(Mllama, "forward", read_slowly)
