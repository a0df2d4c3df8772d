"""How an engine is asked, from threads and from event loops, with a bound on the requests under way."""

import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import contextmanager

from langchain_llava_o1.engine.mailbox import AnyRequest, LoopMailbox, Mailbox, ThreadMailbox, Ticket
from langchain_llava_o1.engine.request import (
    Delta,
    EmbeddingRequest,
    Request,
    Score,
    ScoreRequest,
    Statistics,
    Vector,
)
from langchain_llava_o1.errors import GenerationError, QueueFullError


class EngineInterface(ABC):
    """Requests in, answers out."""

    def __init__(self, max_requests: int) -> None:
        """Start with no request under way, of which there may be ``max_requests`` at once."""
        self._max_requests = max_requests
        self._num_requests = 0
        self._counting = threading.Lock()

    def generate(self, request: Request) -> Generator[Delta]:
        """Answer a request, blocking between deltas. Closing the iterator cancels the request.

        Raises:
            QueueFullError: If too many requests are under way.
            ContextLengthError: If the prompt does not fit.
            GenerationTimeout: If the request runs past its timeout.
            GenerationError: If the model fails.
        """
        mailbox = ThreadMailbox()
        with self._submitted(request, mailbox) as ticket:
            while ticket.num_open:
                yield ticket.receive(mailbox.get(ticket))

    async def agenerate(self, request: Request) -> AsyncGenerator[Delta]:
        """Answer a request without a thread. Cancelling the task or closing the iterator cancels the request.

        Raises:
            LlavaO1Error: As ``generate`` does.
        """
        mailbox = LoopMailbox()
        with self._submitted(request, mailbox) as ticket:
            while ticket.num_open:
                yield ticket.receive(await mailbox.get(ticket))

    def score(self, request: ScoreRequest) -> tuple[Score, ...]:
        """Tell how likely texts are to come next, blocking; nothing is generated.

        Raises:
            QueueFullError: If too many requests are under way.
            ContextLengthError: If the prompt and a text do not fit.
            GenerationTimeout: If the request runs past its timeout.
            GenerationError: If the model fails.
        """
        mailbox = ThreadMailbox()
        with self._submitted(request, mailbox) as ticket:
            return ticket.receive_scores(mailbox.get(ticket))

    async def ascore(self, request: ScoreRequest) -> tuple[Score, ...]:
        """Tell how likely texts are to come next, without a thread; nothing is generated.

        Raises:
            LlavaO1Error: As ``score`` does.
        """
        mailbox = LoopMailbox()
        with self._submitted(request, mailbox) as ticket:
            return ticket.receive_scores(await mailbox.get(ticket))

    def embed(self, request: EmbeddingRequest) -> tuple[Vector, ...]:
        """Make vectors of length 1 of pictures, blocking; nothing is generated.

        Raises:
            QueueFullError: If too many requests are under way.
            ImageError: If a picture cannot be decoded.
            GenerationTimeout: If the request runs past its timeout.
            GenerationError: If the model fails.
        """
        mailbox = ThreadMailbox()
        with self._submitted(request, mailbox) as ticket:
            return ticket.receive_vectors(mailbox.get(ticket))

    async def aembed(self, request: EmbeddingRequest) -> tuple[Vector, ...]:
        """Make vectors of length 1 of pictures, without a thread; nothing is generated.

        Raises:
            LlavaO1Error: As ``embed`` does.
        """
        mailbox = LoopMailbox()
        with self._submitted(request, mailbox) as ticket:
            return ticket.receive_vectors(await mailbox.get(ticket))

    @property
    @abstractmethod
    def statistics(self) -> Statistics:
        """What was done so far."""

    @property
    @abstractmethod
    def is_closed(self) -> bool:
        """Whether the engine takes no more requests."""

    @abstractmethod
    def count_tokens(self, text: str) -> int:
        """Count the tokens of a plain text."""

    @abstractmethod
    def forget(self) -> None:
        """Empty the caches before the next step: memory is freed, and no answer changes."""

    @abstractmethod
    def close(self) -> None:
        """Stop the engine; requests that are not finished fail."""

    @abstractmethod
    def submit(self, ticket: Ticket) -> None:
        """Put a request into the inbox."""

    @contextmanager
    def _submitted(self, request: AnyRequest, mailbox: Mailbox) -> Iterator[Ticket]:
        """Put a request into the inbox; it is taken back when the caller stops waiting."""
        ticket = Ticket(request, mailbox)
        with self._counting:
            if self._num_requests >= self._max_requests:
                raise QueueFullError(
                    f"The engine has {self._num_requests} requests under way and takes no more than "
                    f"max_requests={self._max_requests}. Send this one later, or raise max_requests."
                )
            self._num_requests += 1
        self.submit(ticket)
        try:
            # Looked at after the put: what was put before the engine closed is told so by its thread.
            if self.is_closed:
                raise GenerationError(
                    "The engine is closed, or this process was forked after it was loaded. "
                    "Load the model again in this process."
                )
            yield ticket
        finally:
            ticket.cancel()
            with self._counting:
                self._num_requests -= 1
