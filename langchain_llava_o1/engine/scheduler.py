"""Which sequences run: they are admitted as far as memory allows, and preempted where it runs out."""

from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import TypeVar

from langchain_llava_o1.engine.failures import explain, is_out_of_memory
from langchain_llava_o1.engine.mailbox import Outbox, Ticket
from langchain_llava_o1.engine.memory import MemoryBudget
from langchain_llava_o1.engine.model_runner import Chosen, ModelRunner
from langchain_llava_o1.engine.sequence import GeneratedSequence

ResultT = TypeVar("ResultT")

_MAX_SEQUENCES = 64
# Prefill stops the sequences that are being generated, so those that wait are admitted by the dozen.
_ADMITTED_TOGETHER = _MAX_SEQUENCES // 4


class Scheduler:
    """Chooses the sequences that a model runner generates; used in the engine's thread alone.

    A turn of the engine's loop is ``admit``, ``choose``, then ``advance``.
    """

    def __init__(
        self,
        runner: ModelRunner,
        budget: MemoryBudget,
        outbox: Outbox,
        inbox: SimpleQueue[Ticket | None],
        prepare: Callable[[Ticket | None], None],
    ) -> None:
        """Start with nothing to run.

        Args:
            runner: The batch on the model.
            budget: How much memory sequences may take.
            outbox: Where errors are sent.
            inbox: Requests that are not prepared; they stay there until there is room for them.
            prepare: Turns a request into sequences, and gives those to ``add``.
        """
        self._runner = runner
        self._budget = budget
        self._outbox = outbox
        self._inbox = inbox
        self._prepare = prepare
        self._waiting: deque[GeneratedSequence] = deque()
        self._most_active = _MAX_SEQUENCES

    @property
    def is_idle(self) -> bool:
        """Whether no sequence runs or waits."""
        return not self._waiting and not self._runner.active_sequences

    @property
    def unfinished(self) -> list[GeneratedSequence]:
        """Sequences that run or wait."""
        return [*self._runner.active_sequences, *self._waiting]

    def add(self, sequences: Sequence[GeneratedSequence]) -> None:
        """Let new sequences wait."""
        self._waiting.extend(sequences)

    def admit(self) -> None:
        """Let sequences join the batch, as many as there is room for."""
        self._admit(self._sequences_to_admit())

    def choose(self) -> list[Chosen]:
        """Choose the next token of every sequence."""
        return self._with_fewer_sequences(self._runner.choose)

    def advance(self) -> None:
        """Let the sequences that are not finished read the tokens chosen for them."""
        self._with_fewer_sequences(self._runner.advance)
        if not self._runner.active_sequences:
            self._most_active = _MAX_SEQUENCES

    def fail(self, sequences: Sequence[GeneratedSequence], error: Exception) -> None:
        """End sequences, and tell the callers of their requests why."""
        for sequence in sequences:
            sequence.is_finished = True
            self._outbox.fail(sequence.owner.ticket, explain(error))

    def fail_batch(self, error: Exception) -> None:
        """End all sequences that run."""
        self.fail(self._runner.active_sequences, error)
        self._runner.clear()
        self._most_active = _MAX_SEQUENCES

    def _sequences_to_admit(self) -> list[GeneratedSequence]:
        active = self._runner.active_sequences
        num_free = self._most_active - len(active)
        num_waiting = len(self._waiting) + self._inbox.qsize()
        if not num_waiting or (active and num_free < min(num_waiting, _ADMITTED_TOGETHER)):
            return []
        chosen: list[GeneratedSequence] = []
        while len(chosen) < num_free and (self._waiting or not self._inbox.empty()):
            if not self._waiting:
                self._prepare(self._inbox.get())
                continue
            sequence = self._waiting.popleft()
            if sequence.owner.ticket.is_cancelled:
                continue
            if not self._budget.allows((each.prompt, each.sampling) for each in (*active, *chosen, sequence)):
                self._waiting.appendleft(sequence)
                break
            chosen.append(sequence)
        return chosen

    def _admit(self, sequences: list[GeneratedSequence], *, is_retry: bool = False) -> None:
        """Let sequences into the batch; what fails for some must not cost the others their answer."""
        if not sequences:
            return
        try:
            self._runner.admit(sequences)
            return
        except Exception as error:
            failure = error
        is_short = is_out_of_memory(failure)
        if is_short:
            self._runner.forget()
        if len(sequences) > 1:
            half = len(sequences) // 2
            self._admit(sequences[:half])
            self._admit(sequences[half:])
        elif is_short and not is_retry:
            self._admit(sequences, is_retry=True)
        elif is_short and self._runner.active_sequences:
            self._most_active = len(self._runner.active_sequences)
            self._waiting.appendleft(sequences[0])
        else:
            self.fail(sequences, failure)

    def _with_fewer_sequences(self, step: Callable[[], ResultT]) -> ResultT:
        """Take a step; where memory runs out, with fewer sequences, of which the others go on later.

        Args:
            step: What can be repeated when it fails.
        """
        is_last_try = False
        while True:
            try:
                return step()
            except Exception as error:
                if is_last_try or not is_out_of_memory(error):
                    raise
            # The error is gone here, and with it the tensors that its traceback held.
            self._runner.forget()
            preempted = self._runner.preempt()
            if preempted:
                self._waiting.extendleft(reversed(preempted))
                self._most_active = len(self._runner.active_sequences)
            else:
                is_last_try = True
