"""How good a judge is: pairs of candidates of which one is known to be right, each shown in both orders."""

import asyncio
import pkgutil
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableConfig

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.accuracy import Interval, wilson_interval
from langchain_llava_o1.evaluation.answers import question_of
from langchain_llava_o1.evaluation.benchmark import Benchmark, describe_benchmark
from langchain_llava_o1.evaluation.item import Item
from langchain_llava_o1.judges.catalogue import find_judge, split_name
from langchain_llava_o1.judges.chat_model import name_of
from langchain_llava_o1.judges.judge import Comparison, Judge, PairwiseJudge
from langchain_llava_o1.judges.verdict import Verdict
from langchain_llava_o1.search.records import MatchRecord, StageRecord
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.staging.parts.part import Part
from langchain_llava_o1.staging.transcript import parse_transcript

DEFAULT_JUDGE = "generative"

_DECIDED_BY_VERDICTS = ("judge", "disagreement", "unreadable")


@dataclass(frozen=True)
class JudgedPart:
    """How a judge did at one part of answers.

    Attributes:
        part: Name of a stage, or "answer".
        matches: Pairs that differed, each judged in both orders.
        agreed: Share of them in which both orders name the same candidate.
        first: Share of all verdicts that choose the response shown first; without bias a half.
        unread: Share of all verdicts that name no response.
        decisive: Pairs of which just one candidate is right.
        right: Share of the verdicts on those that name it; None without such pairs.
        interval: Its 95 % interval (Wilson) over those pairs: the two verdicts on one depend on each other.
        calls: Model calls of all verdicts.
        input_tokens: Tokens read for them; 0 where the judge does not say.
        tokens: Tokens generated for them.
    """

    part: str
    matches: int
    agreed: float
    first: float
    unread: float
    decisive: int
    right: float | None
    interval: Interval | None
    calls: int
    input_tokens: int
    tokens: int


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
) -> JudgeReport:
    """Have a search judge what it draws in both orders, and look at every verdict.

    Args:
        model: The chat model that answers and, where the judge asks it, judges.
        benchmark: What is asked, and what tells which candidates are right.
        strategy: The search, with a judge that compares.
        items: How many items, from item ``seed`` on.
        seed: First item; also the seed of the sampling.
        concurrency: Items under way at once.

    Raises:
        ConfigurationError: If the judge does not compare, or the benchmark has too few items.
    """
    numbers = benchmark.numbers(seed, items)
    if "judge_both_orders" not in strategy.settings_known_to(model):
        raise ConfigurationError(
            f"{strategy.judge or 'the default judge'} gives scores, and plays no matches to look at. "
            "Name a judge that compares, such as generative."
        )
    both = Strategy(strategy.search, strategy.judge, {**strategy.settings, "judge_both_orders": True})
    # The judge's own name is checked here; the graph is built again, with a judge that is listened to.
    built = both.build(model)
    name = strategy.judge or DEFAULT_JUDGE
    recorder = _Recorder(find_judge(name).create(model, split_name(name).own_model))
    graph = pkgutil.resolve_name(strategy.entry.home)(model, judge=recorder).compile()
    places = asyncio.Semaphore(concurrency)
    tallies: defaultdict[str, Counter[str]] = defaultdict(Counter)

    async def judge_item(number: int) -> None:
        async with places:
            item = await asyncio.to_thread(benchmark.read_item, number)
            context = built.context.model_copy(update={"seed": number, "needs_picture": False})
            state = await graph.ainvoke({"messages": [question_of(item)]}, context=context)
            accepted: list[str] = []
            for record in state["stages"].values():
                await _count(tallies[record["part"]], benchmark, item, record, accepted, recorder)
                accepted.append(_body(record["candidates"][record["winner"]]["text"]))

    await asyncio.gather(*map(judge_item, numbers))
    parts = tuple(_summarize(part, tally) for part, tally in tallies.items() if tally["matches"])
    return JudgeReport(
        benchmark.name,
        benchmark.options,
        strategy.search,
        name,
        name_of(model),
        seed,
        items,
        parts,
    )


class _Recorder(PairwiseJudge):
    """Has a judge compare, and keeps its verdicts.

    In the records of a search a verdict's number stands in the place of its text, so that what it chose and
    what it took are known whatever the judge writes.
    """

    def __init__(self, judge: Judge) -> None:
        assert isinstance(judge, PairwiseJudge), "a search with judge_both_orders compares"
        self._judge = judge
        self._verdicts: list[Verdict] = []

    def compare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates in the order given."""
        return self._keep(self._judge.compare(comparison, config))

    async def acompare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates in the order given, without blocking the event loop."""
        return self._keep(await self._judge.acompare(comparison, config))

    def most_calls(self, part: Part) -> int:
        """Return the most model calls that a comparison takes."""
        return self._judge.most_calls(part)

    def verdicts_on(self, match: MatchRecord) -> list[Verdict]:
        """Return the verdicts on a pair: as drawn, and swapped."""
        return [self._verdicts[int(number)] for number in match["verdicts"]]

    def _keep(self, verdict: Verdict) -> Verdict:
        self._verdicts.append(verdict)
        return replace(verdict, text=str(len(self._verdicts) - 1))


async def _count(
    tally: Counter[str],
    benchmark: Benchmark,
    item: Item,
    record: StageRecord,
    accepted: Sequence[str],
    recorder: _Recorder,
) -> None:
    """Count the verdicts of a step."""
    for match in record["matches"]:
        if match["decided_by"] not in _DECIDED_BY_VERDICTS:
            continue
        verdicts = recorder.verdicts_on(match)
        named = _named(match, verdicts)
        tally["matches"] += 1
        tally["agreed"] += None not in named and len(set(named)) == 1
        tally["first"] += (named[0] == match["first"]) + (named[1] == match["second"])
        tally["unread"] += named.count(None)
        for verdict in verdicts:
            tally["calls"] += verdict.num_calls
            tally["input_tokens"] += verdict.usage["input_tokens"] if verdict.usage else 0
            tally["tokens"] += verdict.usage["output_tokens"] if verdict.usage else 0
        rights = [
            await benchmark.grade_part(item, record["part"], accepted, _text(record, index))
            for index in (match["first"], match["second"])
        ]
        if set(rights) == {True, False}:
            tally["decisive"] += 1
            tally["right"] += named.count(match["first"] if rights[0] else match["second"])


def _named(match: MatchRecord, verdicts: Sequence[Verdict]) -> list[int | None]:
    """Return the candidates that the verdicts name, on the pair as drawn and on it swapped."""
    orders = ((match["first"], match["second"]), (match["second"], match["first"]))
    return [
        None if verdict.choice is None else order[verdict.choice - 1]
        for verdict, order in zip(verdicts, orders, strict=True)
    ]


def _text(record: StageRecord, index: int) -> str:
    text = record["candidates"][index]["text"]
    return text if record["part"] == "answer" else _body(text)


def _body(text: str) -> str:
    stages = parse_transcript(text).stages
    return stages[0].body if stages else text.strip()


def _summarize(part: str, tally: Counter[str]) -> JudgedPart:
    matches, decisive = tally["matches"], tally["decisive"]
    return JudgedPart(
        part=part,
        matches=matches,
        agreed=tally["agreed"] / matches,
        first=tally["first"] / (2 * matches),
        unread=tally["unread"] / (2 * matches),
        decisive=decisive,
        right=tally["right"] / (2 * decisive) if decisive else None,
        interval=wilson_interval(tally["right"] / 2, decisive) if decisive else None,
        calls=tally["calls"],
        input_tokens=tally["input_tokens"],
        tokens=tally["tokens"],
    )


def judge_table(report: JudgeReport) -> str:
    """Write a report as a Markdown table."""
    lines = [
        "| part | pairs | both orders agree | first chosen | unreadable | one is right | judged right "
        "| calls per pair | tokens per pair, read and generated |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for part in report.parts:
        judged = "–"
        if part.right is not None and part.interval is not None:
            low, high = part.interval
            judged = f"{part.right:.1%} ({low:.1%} to {high:.1%})"
        lines.append(
            f"| {part.part} | {part.matches} | {part.agreed:.1%} | {part.first:.1%} | {part.unread:.1%} "
            f"| {part.decisive} | {judged} | {part.calls / part.matches:.1f} "
            f"| {part.input_tokens / part.matches:.0f} and {part.tokens / part.matches:.0f} |"
        )
    return "\n".join(lines) + "\n"
