"""What a search asks of a judge."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig

from langchain_llava_o1.judges.verdict import Verdict
from langchain_llava_o1.stages import Stage


@dataclass(frozen=True)
class Comparison:
    """Two candidates of a stage, and what they are to be judged by.

    Attributes:
        stage: The stage that both are for.
        prompt: The question with its images, then the accepted stages: what the candidates were sampled from.
        first: The candidate shown first, without its tags.
        second: The other one.
    """

    stage: Stage
    prompt: Sequence[BaseMessage]
    first: str
    second: str


class Judge(Protocol):
    """Says which of two candidates is better."""

    def compare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates in the order given."""
        ...

    async def acompare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates in the order given, without blocking the event loop."""
        ...
