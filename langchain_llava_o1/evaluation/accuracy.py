"""Accuracy of a strategy on a benchmark, with its interval, by kind of question."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from langchain_core.language_models import BaseChatModel

from langchain_llava_o1.errors import DataError
from langchain_llava_o1.evaluation.answers import answer_items, warm_up
from langchain_llava_o1.evaluation.benchmark import Benchmark, describe_benchmark
from langchain_llava_o1.evaluation.contender import Facts, SearchContender
from langchain_llava_o1.evaluation.item import DamagedItemError
from langchain_llava_o1.evaluation.outcome import Outcome, Unit, unite
from langchain_llava_o1.evaluation.paired import PairedDifference
from langchain_llava_o1.evaluation.provenance import Provenance, find_provenance
from langchain_llava_o1.judges.chat_model import name_of
from langchain_llava_o1.search.strategy import Strategy

NORMAL_95 = 1.959963984540054
"""Standard deviations on either side that hold 95 % of a normal distribution."""


class Interval(NamedTuple):
    """A confidence interval of a share."""

    low: float
    high: float


@dataclass(frozen=True)
class GroupAccuracy:
    """Accuracy on some of the questions."""

    accuracy: float
    items: int


@dataclass(frozen=True)
class KindAccuracy(GroupAccuracy):
    """Accuracy on one kind of question, and the skill it needs where the benchmark says."""

    skill: str = ""


@dataclass(frozen=True)
class AccuracyReport:
    """Accuracy of one strategy.

    Attributes:
        benchmark: Name of the benchmark.
        options: The values of its options.
        strategy: Name of the search.
        judge: What decided between candidates; None for the search's own default.
        seed: First item; also the seed of its sampling.
        items: How many were answered.
        accuracy: Share of right conclusions; where a benchmark gives something between wrong and right, the
            mean score.
        interval: 95 % confidence interval of the accuracy (Wilson); of such a mean it is at least as wide as
            it needs to be.
        by_kind: Accuracy by kind of question.
        by_skill: Accuracy by what questions need; empty where the benchmark does not say.
        counted: How many count: fewer than ``items`` where several are one question.
        unread: Conclusions that nothing could be read out of, and that count as wrong.
        further: What the benchmark's own tables show besides, by name.
        tokens: Tokens generated in all, candidates and verdicts included.
        input_tokens: Tokens read in all.
        seconds: Wall-clock time, loading the model not included.
        provenance: What the answers came from.
        paired: Beside another strategy on the same items; None where there is none.
    """

    benchmark: str
    options: Mapping[str, str]
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
    by_skill: dict[str, GroupAccuracy]
    seconds: float
    tokens: int
    input_tokens: int
    counted: int
    unread: int
    further: Mapping[str, float]
    provenance: Provenance
    paired: PairedDifference | None = None

    @property
    def name(self) -> str:
        """The strategy with its number of candidates."""
        return f"{self.strategy}, N={self.candidates}"

    @property
    def asked(self) -> str:
        """The benchmark with its options, as in "scenes (hard)"."""
        return describe_benchmark(self.benchmark, self.options)

    @property
    def origin(self) -> str:
        """The model with what its answers came from; empty where nothing is known of that."""
        return f"{self.model}: {self.provenance}" if self.provenance.as_json() else ""

    @property
    def has_skill_groups(self) -> bool:
        """Whether there are several skills, and one of them has several kinds, which it sums up."""
        with_skill = [found for found in self.by_kind.values() if found.skill]
        return 1 < len(self.by_skill) < len(with_skill)

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain JSON data, each option of the benchmark under its own name."""
        fields = asdict(self) | {"interval": list(self.interval), "provenance": self.provenance.as_json()}
        for name in ("paired", "provenance"):
            if not fields[name]:
                del fields[name]
        return {"benchmark": fields.pop("benchmark"), **fields.pop("options"), **fields}


async def measure_accuracy(
    model: BaseChatModel,
    *,
    benchmark: Benchmark,
    strategy: Strategy,
    items: int,
    seed: int,
    concurrency: int,
    report: Callable[[Outcome], None] = lambda outcome: None,
    report_damage: Callable[[DamagedItemError], None] = lambda damage: None,
    turns: int = 1,
    base_url: str | None = None,
) -> AccuracyReport:
    """Answer items of a benchmark and count the right conclusions.

    Args:
        model: The chat model that answers and, in a search, judges.
        benchmark: What is asked.
        strategy: How each question is answered. Searches that draw one candidate are reported with one.
        items: How many items, from item ``seed`` on.
        seed: First item; also the seed of the sampling, so that a run can be repeated.
        concurrency: Questions under way at once.
        report: Called as each item is done.
        report_damage: Called for each item that cannot be read; the others go on.
        turns: Questions of a conversation about an item's pictures, which are sent with the first one; the
            last one is the item's, and alone counts.
        base_url: Server of the model, to be reported.

    Raises:
        ConfigurationError: If the benchmark has too few items, or the strategy's parts do not go together.
        DataError: If none of the items can be read.
    """
    numbers = benchmark.numbers(seed, items)
    provenance = await find_provenance(model, benchmark, base_url)
    contender = SearchContender(strategy)
    answer = await contender.prepare(model, benchmark, numbers)
    await warm_up(model, answer, benchmark, seed)
    started = time.perf_counter()
    outcomes = await answer_items(
        answer,
        benchmark,
        numbers,
        concurrency=concurrency,
        report=report,
        report_damage=report_damage,
        turns=turns,
    )
    seconds = time.perf_counter() - started
    if not outcomes:
        raise DataError(
            f"None of the {items} items of {benchmark} from {seed} on can be read. Correct its file, or "
            "fetch it anew with `llava-o1 bench fetch` where it is a published one; or begin at another item."
        )
    if not unite(outcomes):
        raise DataError(
            f"The {items} items of {benchmark} from {seed} on are parts of questions, none of them whole. "
            "Ask for more items, or begin where a question does."
        )
    return summarize(
        outcomes,
        benchmark=benchmark,
        name=strategy.search,
        facts=contender.describe(model),
        model=name_of(model),
        seed=seed,
        seconds=seconds,
        provenance=provenance,
    )


def summarize(
    outcomes: Sequence[Outcome],
    *,
    benchmark: Benchmark,
    name: str,
    facts: Facts,
    model: str,
    seed: int,
    seconds: float,
    provenance: Provenance,
) -> AccuracyReport:
    """Count what came of the items, at least one.

    Args:
        outcomes: What came of them.
        benchmark: What was asked.
        name: What answered: a search or a baseline.
        facts: What a report says of it.
        model: What the model is called.
        seed: First item.
        seconds: How long it took.
        provenance: What the answers came from.
    """
    units = unite(outcomes)
    total = sum(unit.score for unit in units.values())
    return AccuracyReport(
        benchmark=benchmark.name,
        options=benchmark.options,
        strategy=name,
        judge=facts.judge,
        candidates=facts.candidates,
        temperature=facts.temperature,
        model=model,
        seed=seed,
        items=len(outcomes),
        accuracy=total / len(units),
        interval=wilson_interval(total, len(units)),
        by_kind=_by_kind(units.values()),
        by_skill=_by_skill(units.values()),
        seconds=round(seconds, 2),
        tokens=sum(outcome.output_tokens for outcome in outcomes),
        input_tokens=sum(outcome.input_tokens for outcome in outcomes),
        counted=len(units),
        unread=sum(outcome.graded_by == "nobody" for outcome in outcomes),
        further=benchmark.further_scores(outcomes),
        provenance=provenance,
    )


def wilson_interval(right: float, items: int) -> Interval:
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


def _by_kind(units: Iterable[Unit]) -> dict[str, KindAccuracy]:
    scores: dict[tuple[str, str], list[float]] = {}
    for unit in units:
        scores.setdefault((unit.skill, unit.kind), []).append(unit.score)
    skills = Counter(kind for _skill, kind in scores)
    return {
        # The same kind may need one skill here and another one there.
        f"{kind} ({skill})" if skills[kind] > 1 else kind: KindAccuracy(
            sum(found) / len(found), len(found), skill
        )
        for (skill, kind), found in sorted(scores.items())
    }


def _by_skill(units: Iterable[Unit]) -> dict[str, GroupAccuracy]:
    scores: dict[str, list[float]] = {}
    for unit in units:
        if unit.skill:
            scores.setdefault(unit.skill, []).append(unit.score)
    return {
        skill: GroupAccuracy(sum(found) / len(found), len(found)) for skill, found in sorted(scores.items())
    }
