"""Stopping what draws a search."""

import asyncio
from collections.abc import AsyncGenerator
from contextvars import ContextVar

import pytest

from langchain_llava_o1.app.stopping import until_stopped

SEEN: ContextVar[str] = ContextVar("SEEN", default="nothing")


class Drawings:
    """Numbers from 0 on; an endless wait after some of them. Remembers how it ended.

    Attributes:
        is_waiting: Set when the wait has begun.
        ended_by: What ended it before its time.
    """

    def __init__(self, num_before_wait: int, *, is_endless: bool) -> None:
        self.is_waiting = asyncio.Event()
        self.ended_by: type[BaseException] | None = None
        self._num_before_wait = num_before_wait
        self._is_endless = is_endless

    async def draw(self) -> AsyncGenerator[int, None]:
        try:
            for number in range(self._num_before_wait):
                yield number
            if self._is_endless:
                self.is_waiting.set()
                await asyncio.Event().wait()
        except BaseException as error:
            self.ended_by = type(error)
            raise


async def test_all_drawings_come_where_nobody_stops_them() -> None:
    drawings = Drawings(3, is_endless=False)
    assert [number async for number in until_stopped(drawings.draw(), asyncio.Event())] == [0, 1, 2]
    assert drawings.ended_by is None


@pytest.mark.parametrize("num_seen", [1, 3])
async def test_a_stop_ends_them_and_cancels_what_is_under_way(num_seen: int) -> None:
    drawings, stop, seen = Drawings(3, is_endless=True), asyncio.Event(), []

    async def stop_the_wait() -> None:
        await drawings.is_waiting.wait()
        stop.set()

    stopping = asyncio.create_task(stop_the_wait())
    async for number in until_stopped(drawings.draw(), stop):
        seen.append(number)
        if len(seen) == num_seen < 3:
            stop.set()
    stopping.cancel()
    assert seen == list(range(num_seen))
    # What waits is cancelled, what has just given a drawing is closed.
    assert drawings.ended_by is (asyncio.CancelledError if num_seen == 3 else GeneratorExit)


async def test_leaving_early_closes_what_draws() -> None:
    drawings = Drawings(3, is_endless=True)
    shown = until_stopped(drawings.draw(), asyncio.Event())
    assert await anext(shown) == 0
    await shown.aclose()
    assert drawings.ended_by is GeneratorExit
    assert len(asyncio.all_tasks()) == 1


async def test_a_failure_comes_through() -> None:
    async def draw() -> AsyncGenerator[int, None]:
        yield 0
        raise ValueError("no picture")

    shown = until_stopped(draw(), asyncio.Event())
    assert await anext(shown) == 0
    with pytest.raises(ValueError, match="no picture"):
        await anext(shown)


async def test_what_one_step_sets_the_next_one_sees() -> None:
    async def draw() -> AsyncGenerator[str, None]:
        SEEN.set("the first step")
        yield SEEN.get()
        yield SEEN.get()

    shown = until_stopped(draw(), asyncio.Event())
    assert [seen async for seen in shown] == ["the first step", "the first step"]
    assert SEEN.get() == "nothing"
