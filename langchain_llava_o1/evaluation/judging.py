"""How good a judge is: pairs of candidates of which one is known to be right, each shown in both orders."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel

from langchain_llava_o1.data.annotation.spending import Price
from langchain_llava_o1.evaluation.accuracy import Interval
from langchain_llava_o1.evaluation.benchmark import Benchmark, describe_benchmark
from langchain_llava_o1.evaluation.item import DamagedItemError
from langchain_llava_o1.evaluation.judged_pairs import (
    JudgedPair,
    PairVerdict,
    judge_each,
    tally_pairs,
    write_share,
)
from langchain_llava_o1.evaluation.judged_search import DEFAULT_JUDGE, JudgedSearch
from langchain_llava_o1.evaluation.verdict_log import VerdictLog
from langchain_llava_o1.judges.chat_model import name_of
from langchain_llava_o1.search.strategy import Strategy


@dataclass(frozen=True)
class JudgedPart:
    """How a judge did at one part of answers.

    Attributes:
        part: Name of a stage, or "answer".
        matches: Pairs that differed, each judged in both orders.
        agreed: Share of them in which both orders name the same candidate.
        first: Share of the verdicts that name a response which choose the one shown first; without bias a
            half. None where no verdict names any.
        unread: Share of all verdicts that name no response; scores that are alike count, too.
        decisive: Pairs of which just one candidate is right.
        right: Share of the verdicts on those that name it; None without such pairs.
        right_in_both: Share of those pairs in which both orders name it; None without such pairs.
        interval: The 95 % interval (Wilson) of ``right``, over those pairs: the two verdicts on one depend on
            each other.
        calls: Model calls of all verdicts; None where the judge does not say.
        input_tokens: Tokens read for them; None where the judge does not say.
        tokens: Tokens generated for them; None where the judge does not say.
        cost: Money that a pair takes; None without a price, or where the judge does not say.
    """

    part: str
    matches: int
    agreed: float
    first: float | None
    unread: float
    decisive: int
    right: float | None
    right_in_both: float | None
    interval: Interval | None
    calls: int | None
    input_tokens: int | None
    tokens: int | None
    cost: float | None


@dataclass(frozen=True)
class JudgeReport:
    """How a judge did on the candidates that a search drew for a benchmark's items."""

    benchmark: str
    options: Mapping[str, str]
    strategy: str
    judge: str | None
    model: str
    seed: int
    items: int
    parts: tuple[JudgedPart, ...]

    @property
    def asked(self) -> str:
        """The benchmark with its options, as in "scenes (hard)"."""
        return describe_benchmark(self.benchmark, self.options)

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain JSON data, each option of the benchmark under its own name."""
        fields = asdict(self)
        return {"benchmark": fields.pop("benchmark"), **fields.pop("options"), **fields}


async def measure_judge(
    model: BaseChatModel,
    *,
    benchmark: Benchmark,
    strategy: Strategy,
    items: int,
    seed: int,
    concurrency: int,
    price: Price | None = None,
    log: VerdictLog | None = None,
    report_damage: Callable[[DamagedItemError], None] = lambda damage: None,
) -> JudgeReport:
    """Have a search judge what it draws in both orders, and look at every verdict.

    Of a judge that scores, all candidates of a step are pairs, and the one with the higher score is chosen.

    Args:
        model: The chat model that answers and, where the judge asks it, judges.
        benchmark: What is asked, and what tells which candidates are right.
        strategy: The search, with its judge.
        items: How many items, from item ``seed`` on.
        seed: First item; also the seed of the sampling.
        concurrency: Items under way at once.
        price: What the judging model costs.
        log: Where the verdicts on each item are written down; items that it has are not asked again.
        report_damage: Called for each item that cannot be read; the others go on.

    Raises:
        ConfigurationError: If the search has nothing to judge, or the benchmark has too few items.
    """
    numbers = benchmark.numbers(seed, items)
    search = JudgedSearch(model, benchmark, strategy)
    judged = LoggedItems(log, search.judge)

    async def judge_item(number: int) -> None:
        if number not in judged.pairs:
            judged.add(number, await search.judge_item(number))

    await judge_each(numbers, judge_item, concurrency=concurrency, report_damage=report_damage)
    parts: defaultdict[str, list[JudgedPair]] = defaultdict(list)
    for number in numbers:
        for pair in judged.pairs.get(number, ()):
            parts[pair.source].append(pair)
    return JudgeReport(
        benchmark.name,
        benchmark.options,
        strategy.search,
        search.judge,
        name_of(model),
        seed,
        items,
        tuple(_summarize(part, pairs, price) for part, pairs in parts.items()),
    )


def describe_judging(model: BaseChatModel, benchmark: Benchmark, strategy: Strategy) -> dict[str, Any]:
    """Return what all verdicts of a log have in common."""
    return {
        "benchmark": benchmark.name,
        "options": benchmark.options,
        "strategy": strategy.search,
        "settings": dict(strategy.settings),
        "judge": strategy.judge or DEFAULT_JUDGE,
        "model": name_of(model),
    }


class LoggedItems:
    """The pairs of items whose candidates were all judged, by number; those of a log, and new ones."""

    def __init__(self, log: VerdictLog | None, judge: str) -> None:
        """Read the items of earlier runs; of one that is not complete, nothing counts."""
        self.pairs: dict[int, list[JudgedPair]] = {}
        self._log = log
        self._judge = judge
        self._begun: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        if log is not None:
            log.read(self._read)

    def _read(self, line: dict[str, Any]) -> None:
        lines = self._begun[line["item"]]
        if "num_verdicts" not in line:
            lines.append(line)
            return
        if len(lines) == line["num_verdicts"]:
            self.pairs[line["item"]] = [
                JudgedPair(
                    one["part"], one["better"], (PairVerdict.from_json(one), PairVerdict.from_json(other))
                )
                for one, other in zip(lines[::2], lines[1::2], strict=True)
            ]
        del self._begun[line["item"]]

    def add(self, number: int, pairs: Sequence[JudgedPair]) -> None:
        """Keep the pairs of an item, and write a line for each verdict, then one that says it is complete."""
        self.pairs[number] = list(pairs)
        if self._log is None:
            return
        lines = [
            {
                "item": number,
                "part": pair.source,
                "pair": place,
                "order": order,
                "judge": self._judge,
                "better": pair.better,
                **verdict.as_json(),
            }
            for place, pair in enumerate(pairs)
            for order, verdict in enumerate(pair.verdicts)
        ]
        self._log.add([*lines, {"item": number, "num_verdicts": len(lines)}])


def _summarize(part: str, pairs: Sequence[JudgedPair], price: Price | None) -> JudgedPart:
    tally = tally_pairs(pairs)
    return JudgedPart(
        part=part,
        matches=tally.pairs,
        agreed=tally.agreed,
        first=tally.first,
        unread=tally.unread,
        decisive=tally.decisive,
        right=tally.right,
        right_in_both=tally.right_in_both,
        interval=tally.interval,
        calls=tally.num_calls,
        input_tokens=tally.usage.input_tokens if tally.usage else None,
        tokens=tally.usage.output_tokens if tally.usage else None,
        cost=tally.cost_per_pair(price),
    )


def judge_table(report: JudgeReport) -> str:
    """Write a report as a Markdown table."""
    lines = [
        "| part | pairs | both orders agree | first chosen | unreadable | one is right | judged right "
        "| right in both orders | calls per pair | tokens per pair, read and generated | cost per pair |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for part in report.parts:
        judged = "–"
        if part.right is not None and part.interval is not None:
            low, high = part.interval
            judged = f"{part.right:.1%} ({low:.1%} to {high:.1%})"
        calls = "–" if part.calls is None else f"{part.calls / part.matches:.1f}"
        tokens = "–"
        if part.input_tokens is not None and part.tokens is not None:
            tokens = f"{part.input_tokens / part.matches:.0f} and {part.tokens / part.matches:.0f}"
        lines.append(
            f"| {part.part} | {part.matches} | {part.agreed:.1%} | {write_share(part.first)} "
            f"| {part.unread:.1%} | {part.decisive} | {judged} "
            f"| {write_share(part.right_in_both)} | {calls} | {tokens} "
            f"| {'–' if part.cost is None else f'{part.cost:.6f}'} |"
        )
    return "\n".join(lines) + "\n"
