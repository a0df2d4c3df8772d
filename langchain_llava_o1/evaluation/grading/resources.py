"""What grading asks for beside a reply."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from langchain_llava_o1.evaluation.grading.grader import Grader


class GradingResources(Protocol):
    """What grading asks for; ``evaluation.benchmark.Resources`` has it."""

    @property
    def grader(self) -> "Grader | None":
        """Reads what no rule can; None where rules alone read."""

    @property
    def is_compatible(self) -> bool:
        """Whether VLMEvalKit's rules are followed, what is known of their errors included."""
