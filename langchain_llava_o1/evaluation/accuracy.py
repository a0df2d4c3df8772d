"""Accuracy of a strategy on drawn pictures, with its interval, by kind of question."""

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any, NamedTuple

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.items import EVALUATION_SEED, Item, make_item
from langchain_llava_o1.evaluation import Benchmark
from langchain_llava_o1.evaluation.strategies import Answer, StrategySettings, create_answer, search_context
from langchain_llava_o1.pictures.blocks import image_block

NORMAL_95 = 1.959963984540054
"""Standard deviations on either side that hold 95 % of a normal distribution."""


class Interval(NamedTuple):
    """A confidence interval of a share."""

    low: float
    high: float


@dataclass(frozen=True)
class Outcome:
    """What came of one item; ``number`` counts from the first evaluation item."""

    number: int
    kind: str
    conclusion: str
    is_correct: bool
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class KindAccuracy:
    """Accuracy on one kind of question."""

    accuracy: float
    items: int


@dataclass(frozen=True)
class AccuracyReport:
    """Accuracy of one strategy.

    Attributes:
        accuracy: Share of right conclusions.
        interval: 95 % confidence interval of the accuracy (Wilson).
        judge: What decided between candidates; None for the search's own default.
        tokens: Tokens generated in all, candidates and verdicts included.
        input_tokens: Tokens read in all.
        seconds: Wall-clock time, loading the model not included.
    """

    benchmark: str
    difficulty: str
    strategy: str
    judge: str | None
    candidates: int
    temperature: float | None
    model: str
    seed: int
    items: int
    accuracy: float
    interval: Interval
    by_kind: dict[str, KindAccuracy]
    seconds: float
    tokens: int
    input_tokens: int

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain JSON data."""
        return {**asdict(self), "interval": list(self.interval)}


async def measure_accuracy(
    model: BaseChatModel,
    *,
    difficulty: Difficulty,
    settings: StrategySettings,
    items: int,
    seed: int,
    concurrency: int,
    report_outcome: Callable[[Outcome], None] = lambda outcome: None,
) -> AccuracyReport:
    """Answer evaluation items of ``scenes`` and count the right conclusions.

    Args:
        model: The chat model that answers and, in a search, judges.
        difficulty: Of the pictures.
        settings: How each question is answered. Strategies that draw one candidate are reported with one.
        items: How many items, from evaluation seed ``seed`` on.
        seed: First item; also the seed of the sampling, so that a run can be repeated.
        concurrency: Questions under way at once.
        report_outcome: Called as each item is done.
    """
    answer = create_answer(model, settings)
    await warm_up(answer, difficulty, seed)
    started = time.perf_counter()
    outcomes = await answer_items(
        answer, range(seed, seed + items), difficulty, concurrency=concurrency, report_outcome=report_outcome
    )
    seconds = time.perf_counter() - started
    return summarize(
        outcomes, model=model, settings=settings, difficulty=difficulty, seed=seed, seconds=seconds
    )


async def warm_up(answer: Answer, difficulty: Difficulty, seed: int) -> None:
    """Answer a question that does not count: the first call loads the checkpoint."""
    await answer(question_of(make_item(seed, difficulty)), 0)


async def answer_items(
    answer: Answer,
    numbers: Iterable[int],
    difficulty: Difficulty,
    *,
    concurrency: int,
    report_outcome: Callable[[Outcome], None],
) -> list[Outcome]:
    """Answer evaluation items, many at once.

    Args:
        answer: Answers a question with a seed: the item's number.
        numbers: Which items, counted from the first evaluation item.
        difficulty: Of the pictures.
        concurrency: Questions under way at once.
        report_outcome: Called as each item is done.

    Raises:
        Exception: The first that an answer raises; the other answers are cancelled.
    """
    places = asyncio.Semaphore(concurrency)

    async def run(number: int) -> Outcome:
        async with places:
            item = await asyncio.to_thread(make_item, EVALUATION_SEED + number, difficulty)
            outcome = await _answer_item(answer, item, number)
        report_outcome(outcome)
        return outcome

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run(number)) for number in numbers]
    except ExceptionGroup as failures:
        failure = failures.exceptions[0]
    else:
        return [task.result() for task in tasks]
    # Raised here, where the group is no longer under way, the failure keeps the cause that it has.
    raise failure


def summarize(
    outcomes: Sequence[Outcome],
    *,
    model: BaseChatModel,
    settings: StrategySettings,
    difficulty: Difficulty,
    seed: int,
    seconds: float,
) -> AccuracyReport:
    """Count what came of the items, at least one."""
    context = search_context(model, settings)
    right = sum(outcome.is_correct for outcome in outcomes)
    return AccuracyReport(
        benchmark=Benchmark.SCENES.value,
        difficulty=difficulty.value,
        strategy=settings.strategy.value,
        judge=settings.judge,
        candidates=getattr(context, "candidates", 1),
        temperature=context.temperature,
        model=str(getattr(model, "model", type(model).__name__)),
        seed=seed,
        items=len(outcomes),
        accuracy=right / len(outcomes),
        interval=wilson_interval(right, len(outcomes)),
        by_kind=_by_kind(outcomes),
        seconds=round(seconds, 2),
        tokens=sum(outcome.output_tokens for outcome in outcomes),
        input_tokens=sum(outcome.input_tokens for outcome in outcomes),
    )


async def _answer_item(answer: Answer, item: Item, seed: int) -> Outcome:
    reply = await answer(question_of(item), seed)
    conclusion = str(reply.text)
    usage = reply.usage_metadata
    return Outcome(
        number=seed,
        kind=item.kind,
        conclusion=conclusion,
        is_correct=item.is_correct(conclusion),
        input_tokens=usage["input_tokens"] if usage else 0,
        output_tokens=usage["output_tokens"] if usage else 0,
    )


def question_of(item: Item) -> HumanMessage:
    """Return an item as a message: its picture, then its question."""
    file = BytesIO()
    item.picture.save(file, format="PNG", compress_level=1)
    return HumanMessage([image_block(file.getvalue()), {"type": "text", "text": item.prompt}])


def wilson_interval(right: int, items: int) -> Interval:
    """Return the 95 % Wilson score interval of a share (E. B. Wilson, 1927)."""
    share = right / items
    squared = NORMAL_95**2
    centre = share + squared / (2 * items)
    reach = NORMAL_95 * math.sqrt(share * (1 - share) / items + squared / (4 * items**2))
    scale = 1 + squared / items
    # Rounding must not carry an end past a share of nothing or all.
    return Interval(
        max(0.0, min(share, (centre - reach) / scale)), min(1.0, max(share, (centre + reach) / scale))
    )


def _by_kind(outcomes: Sequence[Outcome]) -> dict[str, KindAccuracy]:
    kinds = sorted({outcome.kind for outcome in outcomes})
    return {
        kind: KindAccuracy(sum(rights) / len(rights), len(rights))
        for kind, rights in (
            (kind, [outcome.is_correct for outcome in outcomes if outcome.kind == kind]) for kind in kinds
        )
    }
