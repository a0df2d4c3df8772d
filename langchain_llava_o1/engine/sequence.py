"""One answer while it is generated."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from langchain_llava_o1.engine.answer import Answer
from langchain_llava_o1.engine.mailbox import Ticket
from langchain_llava_o1.engine.prompt import PreparedPrompt
from langchain_llava_o1.engine.request import Sampling
from langchain_llava_o1.engine.sampling import RandomStream


class SequenceOwner(NamedTuple):
    """The request that a sequence answers, and the text it has written so far."""

    ticket: Ticket
    answer: Answer


@dataclass(eq=False)
class GeneratedSequence:
    """One answer being generated; a request for ``n`` answers has ``n`` of them.

    Attributes:
        prompt: What it starts from.
        sampling: How its tokens are chosen.
        stream: Its own randomness.
        owner: The request it belongs to.
        is_finished: Set from outside; the sequence then leaves the batch.
        token_ids: What it has generated.
        num_cached: How many tokens of its prompt had been read before it first joined a batch; None until
            then. What it has written itself since then does not count.
    """

    prompt: PreparedPrompt
    sampling: Sampling
    stream: RandomStream
    owner: SequenceOwner
    is_finished: bool = False
    token_ids: list[int] = field(default_factory=list)
    num_cached: int | None = None

    def preempt(self) -> None:
        """Make what it has generated part of its prompt, to go on from there when it is admitted again."""
        self.prompt = replace(self.prompt, token_ids=(*self.prompt.token_ids, *self.token_ids))
        self.token_ids = []
