"""Requests that are answered in one piece, without generating: scores of texts, vectors of pictures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from langchain_llava_o1.engine.failures import explain, is_out_of_memory
from langchain_llava_o1.engine.mailbox import Outbox, Ticket
from langchain_llava_o1.engine.mllama.vision import EmbeddingJob, PictureEncoder
from langchain_llava_o1.engine.prefill import Prefiller
from langchain_llava_o1.engine.prompt import ScoreJob
from langchain_llava_o1.engine.request import Score


@dataclass
class WholeAnswers:
    """Such requests as they wait for their turn; used in the engine's thread alone.

    Attributes:
        prefiller: What scores.
        pictures: What makes vectors.
        outbox: Where answers go.
        forget: Frees the memory of what was read before.
    """

    prefiller: Prefiller
    pictures: PictureEncoder
    outbox: Outbox
    forget: Callable[[], None]
    _scores: list[tuple[Ticket, ScoreJob]] = field(default_factory=list)
    _embeddings: list[tuple[Ticket, EmbeddingJob]] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Tell whether any request waits."""
        return bool(self._scores or self._embeddings)

    @property
    def tickets(self) -> list[Ticket]:
        """Those that wait."""
        return [ticket for ticket, _ in (*self._scores, *self._embeddings)]

    def add_scoring(self, ticket: Ticket, job: ScoreJob) -> None:
        """Let a request to score wait."""
        self._scores.append((ticket, job))

    def add_embedding(self, ticket: Ticket, job: EmbeddingJob) -> None:
        """Let a request to embed pictures wait."""
        self._embeddings.append((ticket, job))

    def answer(self) -> None:
        """Answer all that wait; scores are read together."""
        scores, self._scores = self._scores, []
        embeddings, self._embeddings = self._embeddings, []
        self._score(scores)
        for ticket, job in embeddings:
            self._embed(ticket, job)

    def _score(self, waiting: Sequence[tuple[Ticket, ScoreJob]], *, is_retry: bool = False) -> None:
        """Score; what fails for some requests must not cost the others their answer."""
        waiting = [(ticket, job) for ticket, job in waiting if not ticket.is_cancelled]
        if not waiting:
            return
        try:
            sums = self.prefiller.score([job for _, job in waiting])
        except Exception as error:
            failure = error
        else:
            for (ticket, job), own in zip(waiting, sums, strict=True):
                lengths = map(len, job.continuations)
                self.outbox.post(ticket, tuple(map(Score, own, lengths)))
            return
        is_short_of_memory = is_out_of_memory(failure)
        if is_short_of_memory:
            self.forget()
        if len(waiting) > 1:
            half = len(waiting) // 2
            self._score(waiting[:half])
            self._score(waiting[half:])
        elif is_short_of_memory and not is_retry:
            self._score(waiting, is_retry=True)
        else:
            self.outbox.fail(waiting[0][0], explain(failure))

    def _embed(self, ticket: Ticket, job: EmbeddingJob, *, is_retry: bool = False) -> None:
        if ticket.is_cancelled:
            return
        try:
            self.outbox.post(ticket, self.pictures.embed(job))
            return
        except Exception as error:
            failure = error
        if is_out_of_memory(failure) and not is_retry:
            self.forget()
            self._embed(ticket, job, is_retry=True)
        else:
            self.outbox.fail(ticket, explain(failure))
