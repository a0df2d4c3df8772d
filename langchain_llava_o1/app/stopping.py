"""Stopping a search of the page.

Gradio's own ``cancels`` runs beside the search: a drawing that is on its way when a reader presses "Stop"
comes after what "Stop" draws, and stays. Here the search itself says that it is stopped, after all else.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")


async def until_stopped(drawings: AsyncGenerator[T, None], stop: asyncio.Event) -> AsyncGenerator[T, None]:
    """Give each drawing until the event is set; what draws them is cancelled then.

    Args:
        drawings: The drawings.
        stop: Set when there are to be no more.
    """
    loop = asyncio.get_running_loop()
    # All steps of the generator see the same context variables, as they would without a task for each.
    context = copy_context()
    stopping = loop.create_task(stop.wait())
    following = None
    try:
        while not stop.is_set():
            following = loop.create_task(_next(drawings), context=context)
            await asyncio.wait({following, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                return
            try:
                drawing = following.result()
            except StopAsyncIteration:
                return
            yield drawing
    finally:
        stopping.cancel()
        if following is not None:
            following.cancel()
            await asyncio.wait({following})
        await drawings.aclose()


async def _next(drawings: AsyncGenerator[T, None]) -> T:
    return await anext(drawings)
