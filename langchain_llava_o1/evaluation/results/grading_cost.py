"""What reading answers took, where rules could not."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from langchain_llava_o1.data.annotation.spending import Price, Usage
from langchain_llava_o1.evaluation.grading.reply_cache import REPLIES_FILE, ReplyCache


@dataclass(frozen=True)
class GradingCost:
    """What the calls of graders took, on all benchmarks together.

    Attributes:
        usage: Calls and tokens.
        cost: Money; None without the grader's price.
    """

    usage: Usage
    cost: float | None

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return {**asdict(self.usage), "cost": self.cost}

    def __str__(self) -> str:
        """Say it in a sentence."""
        usage = self.usage
        said = (
            f"Graders were called {usage.num_calls:,} times, read {usage.input_tokens:,} tokens and "
            f"generated {usage.output_tokens:,}"
        )
        return said + ("." if self.cost is None else f", for {self.cost:.4g}.")


def read_grading_cost(folders: Sequence[Path], price: Price | None) -> GradingCost | None:
    """Add up the replies of graders that are kept in folders; None where there are none."""
    usage = Usage()
    for folder in folders:
        usage += ReplyCache(folder / REPLIES_FILE).used
    if not usage.num_calls:
        return None
    cost = None if price is None else usage.cost(price)
    return GradingCost(usage, cost)
