"""What a step asks of the rule by which candidates are selected."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command

from langchain_llava_o1.search.records import CandidateRecord
from langchain_llava_o1.search.settings import Settings
from langchain_llava_o1.search.step_state import StepContext, StepGraph, StepState


class Selection(ABC):
    """A rule by which the best candidates of a step are found.

    Its node runs once the candidates are there, and again after each node that leads back to it.
    """

    node: ClassVar[str]
    """Name of its node."""

    destinations: ClassVar[dict[str, str]] = {"select": "decided"}
    """Where its node may lead, with the label of that edge in drawings."""

    settings: ClassVar[type[Settings]] = Settings
    """What it obeys besides the settings of its search."""

    @property
    def needs_logprobs(self) -> bool:
        """Whether it wants to know how sure the model is of each candidate."""
        return False

    def add_nodes(self, graph: StepGraph) -> None:
        """Add what nodes it has besides its own."""
        return

    @abstractmethod
    def decide(self, state: StepState, context: StepContext, config: RunnableConfig) -> Command[Any]:
        """Say what comes next: ``select``, or nodes of its own, with changes of the state."""

    async def adecide(self, state: StepState, context: StepContext, config: RunnableConfig) -> Command[Any]:
        """Say what comes next without blocking the event loop; by default as ``decide``, which must not."""
        return self.decide(state, context, config)

    @abstractmethod
    def keep(self, state: StepState) -> list[int]:
        """Return the indices of the candidates that the search goes on from, the best first.

        There are at most ``num_kept`` of them; one may occur several times, as where they are drawn with
        replacement.
        """


def best_first(candidates: list[CandidateRecord], worth: Callable[[CandidateRecord], Any]) -> list[int]:
    """Return candidates' indices: complete ones first, then by worth, then those that were drawn first."""
    ordered = sorted(
        candidates, key=lambda each: (each["is_complete"], worth(each), -each["index"]), reverse=True
    )
    return [each["index"] for each in ordered]
