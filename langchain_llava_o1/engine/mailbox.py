"""How deltas get from the engine's thread to the threads and event loops that wait for them."""

import asyncio
import queue
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, cast

from langchain_llava_o1.engine.request import Delta, EmbeddingRequest, Request, Score, ScoreRequest, Vector
from langchain_llava_o1.errors import GenerationTimeout

Scores = tuple[Score, ...]
Vectors = tuple[Vector, ...]
Item = Delta | Scores | Vectors | BaseException
AnyRequest = Request | ScoreRequest | EmbeddingRequest


class Mailbox(Protocol):
    """Where one request's items arrive."""

    loop: asyncio.AbstractEventLoop | None

    def put(self, item: Item) -> None:
        """Leave an item; called in ``loop``, or in the engine's thread if there is none."""


@dataclass(eq=False)
class Ticket:
    """A submitted request.

    Attributes:
        request: What was asked.
        mailbox: Where its items go.
        num_open: Rows whose last delta is still to come, as the caller has seen it.
        is_cancelled: Whether nobody waits any more.
    """

    request: AnyRequest
    mailbox: Mailbox
    num_open: int = field(init=False)
    is_cancelled: bool = False

    def __post_init__(self) -> None:
        self.num_open = self.request.n if isinstance(self.request, Request) else 1
        timeout = self.request.timeout
        self._deadline = None if timeout is None else time.monotonic() + timeout

    def cancel(self) -> None:
        """Tell the engine that nobody waits any more."""
        self.is_cancelled = True

    def seconds_left(self) -> float | None:
        """Time until the request's deadline; None if it has none.

        Raises:
            GenerationTimeout: If the deadline is over.
        """
        if self._deadline is None:
            return None
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self.timed_out()
        return left

    def timed_out(self) -> GenerationTimeout:
        """The error that a missed deadline is."""
        return GenerationTimeout(
            f"The request was not answered within its timeout of {self.request.timeout:g} s. "
            "Raise timeout, lower max_tokens, or send fewer requests at once."
        )

    def receive(self, item: Item) -> Delta:
        """Count a delta in, or raise the error that came in its place."""
        if isinstance(item, BaseException):
            raise item
        assert isinstance(item, Delta), "a request to generate is answered by deltas"
        self.num_open -= item.finish_reason is not None
        return item

    def receive_scores(self, item: Item) -> Scores:
        """Take the scores, or raise the error that came in their place."""
        return cast("Scores", self._receive_whole(item))

    def receive_vectors(self, item: Item) -> Vectors:
        """Take the vectors, or raise the error that came in their place."""
        return cast("Vectors", self._receive_whole(item))

    def _receive_whole(self, item: Item) -> Scores | Vectors:
        if isinstance(item, BaseException):
            raise item
        assert isinstance(item, tuple), "such a request is answered at once, by scores or vectors"
        self.num_open = 0
        return item


class ThreadMailbox:
    """For a caller that blocks its thread."""

    loop: asyncio.AbstractEventLoop | None = None

    def __init__(self) -> None:
        """Start empty."""
        self._items: queue.SimpleQueue[Item] = queue.SimpleQueue()

    def put(self, item: Item) -> None:
        """Leave an item."""
        self._items.put(item)

    def get(self, ticket: Ticket) -> Item:
        """Wait for an item until the ticket's deadline."""
        try:
            return self._items.get(timeout=ticket.seconds_left())
        except queue.Empty:
            raise ticket.timed_out() from None


class LoopMailbox:
    """For a coroutine, which waits without a thread."""

    def __init__(self) -> None:
        """Start empty, for the running event loop."""
        self.loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        self._items: asyncio.Queue[Item] = asyncio.Queue()

    def put(self, item: Item) -> None:
        """Leave an item; called in the loop."""
        self._items.put_nowait(item)

    async def get(self, ticket: Ticket) -> Item:
        """Wait for an item until the ticket's deadline."""
        seconds_left = ticket.seconds_left()
        if not self._items.empty():
            return self._items.get_nowait()
        try:
            async with asyncio.timeout(seconds_left):
                return await self._items.get()
        except TimeoutError:
            raise ticket.timed_out() from None


class Outbox:
    """Items of one step on their way: each event loop is woken once, whatever the number of its requests."""

    def __init__(self) -> None:
        """Start empty."""
        self._by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Ticket, Item]]] = {}

    def post(self, ticket: Ticket, item: Item) -> None:
        """Send an item to the one who waits for a ticket."""
        if ticket.mailbox.loop is None:
            ticket.mailbox.put(item)
        else:
            self._by_loop.setdefault(ticket.mailbox.loop, []).append((ticket, item))

    def fail(self, ticket: Ticket, error: Exception) -> None:
        """Tell a ticket's caller that it gets no more; its other rows are dropped as cancelled."""
        if not ticket.is_cancelled:
            ticket.cancel()
            self.post(ticket, error)

    def flush(self) -> None:
        """Hand over what was posted for event loops."""
        by_loop, self._by_loop = self._by_loop, {}
        for loop, posted in by_loop.items():
            try:
                loop.call_soon_threadsafe(_hand_over, posted)
            except RuntimeError:  # the loop is closed, and nobody is left to wait
                for ticket, _ in posted:
                    ticket.cancel()


def _hand_over(posted: Iterable[tuple[Ticket, Item]]) -> None:
    for ticket, item in posted:
        ticket.mailbox.put(item)
