"""The engine: requests in, deltas out, one thread that owns the model.

Callers on any thread or event loop put a ticket into the inbox and wait at their own mailbox. The
engine's thread turns tickets into sequences and generates all sequences of all requests in one batch, which
they join as they arrive and leave as they finish.
"""

import atexit
import threading
import time
from dataclasses import replace
from queue import SimpleQueue
from typing import TYPE_CHECKING

from langchain_llava_o1.engine.failures import explain
from langchain_llava_o1.engine.interface import EngineInterface
from langchain_llava_o1.engine.loading.checkpoint import Checkpoint
from langchain_llava_o1.engine.mailbox import Outbox, Ticket
from langchain_llava_o1.engine.request import EmbeddingRequest, ScoreRequest, Statistics
from langchain_llava_o1.engine.settings import DEFAULT_MAX_REQUESTS
from langchain_llava_o1.errors import GenerationError

if TYPE_CHECKING:
    from langchain_llava_o1.engine.model_runner import Chosen

# Requests that are sent together should start together, and none should wait long for others.
_GATHER_SECONDS = 0.002
_SECONDS_TO_CLOSE = 10.0


class Engine(EngineInterface):
    """A loaded model that answers any number of requests at once.

    Attributes:
        context_length: Most tokens a prompt and its answer may have together.
        device: Where the model is.
        dtype: What it computes in.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        cache_bytes: int | None = None,
        max_requests: int = DEFAULT_MAX_REQUESTS,
        num_threads: int | None = None,
    ) -> None:
        """Start the thread that owns the checkpoint's model.

        Args:
            checkpoint: The loaded model; on a processor its weights are laid out anew, in place.
            cache_bytes: Memory for text and pictures that were read before; None takes a share of what
                is free.
            max_requests: Most requests under way at once; more are refused.
            num_threads: How many threads compute on a processor; None measures how many are worth it for a
                small model, and leaves it to torch for a large one.
        """
        super().__init__(max_requests)
        from langchain_llava_o1.engine.cache.prefix_tree import PrefixTree
        from langchain_llava_o1.engine.loading.threads import choose_num_threads
        from langchain_llava_o1.engine.memory import MemoryBudget
        from langchain_llava_o1.engine.mllama.network import Mllama
        from langchain_llava_o1.engine.mllama.packing import pack_linear_layers
        from langchain_llava_o1.engine.mllama.tiled_attention import attend_in_vision_tower
        from langchain_llava_o1.engine.mllama.vision import PictureEncoder
        from langchain_llava_o1.engine.model_runner import ModelRunner
        from langchain_llava_o1.engine.prefill import Prefiller
        from langchain_llava_o1.engine.preparation import RequestPreparation
        from langchain_llava_o1.engine.scheduler import Scheduler
        from langchain_llava_o1.engine.whole_answers import WholeAnswers

        self._num_threads = num_threads
        if num_threads is None and checkpoint.model.device.type == "cpu":
            self._num_threads = choose_num_threads(
                checkpoint.model.config.text_config, checkpoint.model.dtype
            )
        pack_linear_layers(checkpoint.model)
        attend_in_vision_tower(checkpoint.model)
        model = Mllama(checkpoint.model)
        self.context_length = model.context_length
        self.device = model.device
        self.dtype = model.dtype
        self._preparation = RequestPreparation(checkpoint, model.context_length)
        self._budget = MemoryBudget(model)
        caches = self._budget.caches(cache_bytes)
        pictures = PictureEncoder(model, checkpoint.image_processor, max_bytes=caches.for_pictures)
        tree = PrefixTree(caches.for_text)
        self._prefiller = Prefiller(model, pictures, tree, checkpoint.image_token_id)
        self._runner = ModelRunner(model, self._prefiller)
        # Putting into a SimpleQueue never blocks, so that coroutines may. None wakes the thread up to close.
        self._inbox: SimpleQueue[Ticket | None] = SimpleQueue()
        self._outbox = Outbox()
        self._scheduler = Scheduler(self._runner, self._budget, self._outbox, self._inbox, self._prepare)
        self._whole_answers = WholeAnswers(self._prefiller, pictures, self._outbox, self._runner.forget)
        self._bounded: dict[int, BoundedEngine] = {}
        self._num_generated = 0
        self._is_closing = False
        self._is_to_forget = False
        self._thread = threading.Thread(target=self._run, name="llava-o1-engine", daemon=True)
        self._has_begun = threading.Event()
        self._thread.start()
        # Until then torch may give the engine's number of threads to others, too.
        self._has_begun.wait()
        # The interpreter must not take torch down under a thread that is using it.
        atexit.register(self.close)

    def submit(self, ticket: Ticket) -> None:
        """Put a request into the inbox."""
        self._inbox.put(ticket)

    def bounded(self, max_requests: int) -> "BoundedEngine":
        """Return this engine with a bound that those who ask for the same one share."""
        # One operation of the interpreter, so that two threads get the same.
        return self._bounded.setdefault(max_requests, BoundedEngine(self, max_requests))

    def enlarge_caches(self, cache_bytes: int | None) -> None:
        """Let the caches take more than before; a smaller wish changes nothing.

        Args:
            cache_bytes: Memory for text and pictures that were read before; None takes the share of what was
                free when the engine was started.
        """
        caches = self._budget.caches(cache_bytes)
        self._prefiller.enlarge_caches(caches)

    def forget(self) -> None:
        """Empty the caches before the next step: memory is freed, and no answer changes."""
        self._is_to_forget = True

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a plain text."""
        return self._preparation.count_tokens(text)

    @property
    def statistics(self) -> Statistics:
        """What was done so far."""
        return Statistics(
            num_pictures=self._prefiller.num_encoded,
            num_read=self._prefiller.num_read,
            num_prompt_passes=self._prefiller.num_passes,
            num_generated=self._num_generated,
            num_steps=self._runner.num_steps,
        )

    @property
    def is_closed(self) -> bool:
        """Whether the engine takes no more requests."""
        return self._is_closing or not self._thread.is_alive()

    def close(self) -> None:
        """Stop the thread; requests that are not finished fail."""
        atexit.unregister(self.close)
        self._is_closing = True
        self._inbox.put(None)
        self._thread.join(_SECONDS_TO_CLOSE)

    def _run(self) -> None:
        import torch

        from langchain_llava_o1.engine.loading.threads import compute_with

        try:
            if self._num_threads is not None:
                compute_with(self._num_threads)
            self._has_begun.set()
            # Held in this thread alone: held across a yield, the mode would follow the caller about.
            with torch.inference_mode():
                while self._wait_for_work():
                    self._take_turn()
        finally:
            self._is_closing = True
            self._has_begun.set()
            tickets = [sequence.owner.ticket for sequence in self._scheduler.unfinished]
            tickets += self._whole_answers.tickets
            self._runner.clear()
            while not self._inbox.empty():
                ticket = self._inbox.get()
                tickets += [ticket] if ticket else []
            for ticket in tickets:
                self._outbox.fail(ticket, GenerationError("The engine was closed before it had answered."))
            self._outbox.flush()

    def _wait_for_work(self) -> bool:
        """Block until there is something to do; False when the engine closes."""
        if self._scheduler.is_idle and not self._whole_answers:
            self._prepare(self._inbox.get())
            if not self._is_closing:
                time.sleep(_GATHER_SECONDS)
        return not self._is_closing

    def _take_turn(self) -> None:
        """Admit sequences, give each its next token, hand the text out."""
        if self._is_to_forget:
            self._is_to_forget = False
            self._prefiller.forget()
        self._scheduler.admit()
        self._whole_answers.answer()
        try:
            for chosen in self._scheduler.choose():
                self._accept(chosen)
            self._outbox.flush()
            self._scheduler.advance()
        except Exception as error:
            self._scheduler.fail_batch(error)
        self._outbox.flush()

    def _prepare(self, ticket: Ticket | None) -> None:
        """Turn a request into sequences; one that cannot be answered is told so."""
        if ticket is None or ticket.is_cancelled:
            return
        try:
            if isinstance(ticket.request, ScoreRequest):
                self._whole_answers.add_scoring(ticket, self._preparation.prepare_scoring(ticket.request))
            elif isinstance(ticket.request, EmbeddingRequest):
                self._whole_answers.add_embedding(ticket, self._preparation.prepare_embedding(ticket.request))
            else:
                self._scheduler.add(self._preparation.prepare(ticket, ticket.request))
        except Exception as error:
            self._outbox.fail(ticket, explain(error))

    def _accept(self, chosen: "Chosen") -> None:
        """Add a token to its answer, and post the text that it completes."""
        sequence, token_id, logprob = chosen
        ticket, answer = sequence.owner
        if ticket.is_cancelled:
            sequence.is_finished = True
            return
        self._num_generated += 1
        try:
            delta = answer.accept(token_id, logprob)
        except GenerationError as error:
            self._scheduler.fail([sequence], error)
            return
        if delta is not None:
            sequence.is_finished = delta.finish_reason is not None
            self._outbox.post(ticket, replace(delta, num_cached_tokens=sequence.num_cached or 0))


class BoundedEngine(EngineInterface):
    """An engine that others use, too, with a bound of its own on the requests under way."""

    def __init__(self, engine: Engine, max_requests: int) -> None:
        """Pass requests on to an engine, ``max_requests`` at once."""
        super().__init__(max_requests)
        self.engine = engine

    def submit(self, ticket: Ticket) -> None:
        """Put a request into the engine's inbox."""
        self.engine.submit(ticket)

    @property
    def context_length(self) -> int:
        """Most tokens a prompt and its answer may have together."""
        return self.engine.context_length

    @property
    def statistics(self) -> Statistics:
        """What the engine has done so far, for all who use it."""
        return self.engine.statistics

    @property
    def is_closed(self) -> bool:
        """Whether the engine takes no more requests."""
        return self.engine.is_closed

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a plain text."""
        return self.engine.count_tokens(text)

    def forget(self) -> None:
        """Empty the engine's caches before the next step: memory is freed, and no answer changes."""
        self.engine.forget()

    def close(self) -> None:
        """Stop the engine for all who use it; requests that are not finished fail."""
        self.engine.close()
