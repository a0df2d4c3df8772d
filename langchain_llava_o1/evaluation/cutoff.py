"""Calibrating the cutoff of stage-wise retracing: how does a judge score reasonings?"""

import asyncio
import statistics
from dataclasses import asdict, dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.answers import question_of
from langchain_llava_o1.evaluation.benchmark import Benchmark
from langchain_llava_o1.search.strategy import Strategy

SPREADS_ABOVE_MEAN = 0.2533
"""How far above the mean the published cutoff is, in standard deviations: the best 40 % lie above it."""


@dataclass(frozen=True)
class CutoffReport:
    """How a judge scores reasonings.

    Attributes:
        judge: Which judge; None for the search's own default.
        scores: How many were scored.
        mean: Their mean.
        spread: Their standard deviation.
        cutoff: ``mean + 0.2533 * spread``, as published.
    """

    judge: str | None
    scores: int
    mean: float
    spread: float
    cutoff: float

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain JSON data."""
        return asdict(self)


async def measure_cutoff(
    model: BaseChatModel,
    *,
    benchmark: Benchmark,
    judge: str | None,
    items: int,
    seed: int,
    concurrency: int,
) -> CutoffReport:
    """Draw reasonings for items and look at their scores.

    Args:
        model: The chat model that answers.
        benchmark: What is asked.
        judge: Name of what scores; None for the default of the stage-wise retracing search.
        items: How many items to draw reasonings for, at least one.
        seed: First item.
        concurrency: Items under way at once.

    Raises:
        ConfigurationError: If the judge does not score, or the benchmark has too few items.
    """
    numbers = benchmark.numbers(seed, items)
    built = Strategy("swires", judge, {"retraces": 0}).build(model)
    graph = built.graph.compile()
    places = asyncio.Semaphore(concurrency)

    async def scores_of(number: int) -> list[float]:
        async with places:
            item = await asyncio.to_thread(benchmark.read_item, number)
            state = await graph.ainvoke(
                {"messages": [question_of(item)]}, context=built.context.model_copy(update={"seed": number})
            )
        return [score for score in state["stages"]["reasoning"]["scores"] or [] if score is not None]

    found = await asyncio.gather(*(scores_of(number) for number in numbers))
    scores = [score for own in found for score in own]
    if len(scores) < 2:
        raise ConfigurationError(
            f"Only {len(scores)} reasoning(s) were scored; a spread needs 2. Use more items."
        )
    mean, spread = statistics.mean(scores), statistics.stdev(scores)
    return CutoffReport(judge, len(scores), mean, spread, mean + SPREADS_ABOVE_MEAN * spread)
