"""How good a judge is: whole answers of others, of which people know the better one, in both orders."""

import asyncio
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage

from langchain_llava_o1.data.annotation.spending import Price, Usage
from langchain_llava_o1.errors import ConfigurationError, DataError
from langchain_llava_o1.evaluation.accuracy import Interval, wilson_interval
from langchain_llava_o1.evaluation.item import DamagedItemError
from langchain_llava_o1.evaluation.judge_pairs import AnswerPair, PairFile
from langchain_llava_o1.judges.catalogue import find_judge, split_name
from langchain_llava_o1.judges.chat_model import name_of
from langchain_llava_o1.judges.judge import Comparison, Entry, Judge, PairwiseJudge, Scoring, ScoringJudge
from langchain_llava_o1.staging.parts.answer import AnswerPart

_CRITERION = (
    "A good answer does what the question asks, is right about what the picture shows, and claims nothing "
    "that the picture does not show."
)


class _FreeAnswerPart(AnswerPart):
    """A whole answer in any form, which need not have stages."""

    @property
    def criterion(self) -> str:
        """What makes an answer good."""
        return _CRITERION


_PART = _FreeAnswerPart()


class JudgedPair(NamedTuple):
    """What a judge made of a pair.

    Attributes:
        source: Where the question is from.
        better: Which answer is better: 0 or 1.
        chosen: The answers that the judge chose, shown as in the file and swapped; None where it named none.
        num_calls: Model calls that it took; None where a judge scores, and does not say.
        usage: Their tokens; None where it does not say.
    """

    source: str
    better: int
    chosen: tuple[int | None, int | None]
    num_calls: int | None
    usage: Usage | None


@dataclass(frozen=True)
class JudgedPairs:
    """How a judge did on pairs.

    Attributes:
        pairs: How many, each judged in both orders.
        right: Share of the verdicts that name the better answer.
        interval: Its 95 % interval (Wilson) over pairs: the two verdicts on one depend on each other.
        right_in_both: Share of the pairs in which both orders name the better answer.
        agreed: Share of the pairs in which both orders name the same answer.
        first: Share of the verdicts that choose the answer shown first; without bias a half.
        unread: Share of the verdicts that name none; scores that are alike count, too.
        calls: Model calls per pair, both orders together; None where the judge does not say.
        input_tokens: Tokens read per pair; None where the judge does not say.
        tokens: Tokens generated per pair.
        cost: Money per pair; None without a price.
    """

    pairs: int
    right: float
    interval: Interval
    right_in_both: float
    agreed: float
    first: float
    unread: float
    calls: float | None
    input_tokens: float | None
    tokens: float | None
    cost: float | None


@dataclass(frozen=True)
class PairReport:
    """How a judge did on the pairs of a file, on all of them and by their source."""

    file: str
    judge: str
    model: str
    seed: int
    seconds: float
    all: JudgedPairs
    by_source: Mapping[str, JudgedPairs]

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain JSON data."""
        return asdict(self)


async def measure_judge_on_pairs(
    model: BaseChatModel,
    judge: str,
    pairs: PairFile,
    *,
    items: int | None = None,
    seed: int = 0,
    concurrency: int = 1,
    price: Price | None = None,
    report: Callable[[JudgedPair], None] = lambda judged: None,
    report_damage: Callable[[DamagedItemError], None] = lambda damage: None,
) -> PairReport:
    """Have a judge choose between the answers of each pair, shown in both orders.

    Of a judge that scores, the answer with the higher score is chosen.

    Args:
        model: The chat model that the judge asks, unless it has one of its own.
        judge: Full name of the judge.
        pairs: The answers.
        items: How many pairs, from pair ``seed`` on; None for all.
        seed: First pair.
        concurrency: Pairs under way at once.
        price: What the judging model costs.
        report: Called as each pair is judged.
        report_damage: Called for each pair that cannot be read; the others go on.

    Raises:
        ConfigurationError: If there is no such judge, it cannot judge what others wrote, or there are too few
            pairs.
        DataError: If no pair can be read.
    """
    numbers = pairs.numbers(seed, items)
    created = _create_judge(model, judge)
    places = asyncio.Semaphore(concurrency)

    async def judge_pair(number: int) -> JudgedPair | None:
        async with places:
            try:
                pair = await asyncio.to_thread(pairs.read_pair, number)
                judged = await _judge(created, pair)
            except DamagedItemError as damage:
                report_damage(damage)
                return None
        report(judged)
        return judged

    started = time.perf_counter()
    found = [judged for judged in await asyncio.gather(*map(judge_pair, numbers)) if judged is not None]
    seconds = time.perf_counter() - started
    if not found:
        raise DataError(f"None of the {len(numbers)} pairs of {pairs.path} can be read. Correct the file.")
    by_source = {
        source: _summarize([judged for judged in found if judged.source == source], price)
        for source in sorted({judged.source for judged in found})
    }
    asked = split_name(judge).own_model or name_of(model)
    all_of_them = _summarize(found, price)
    return PairReport(str(pairs.path), judge, asked, seed, round(seconds, 2), all_of_them, by_source)


def _create_judge(model: BaseChatModel, name: str) -> Judge:
    judge = find_judge(name).create(model, split_name(name).own_model)
    if judge.needs_logprobs:
        raise ConfigurationError(
            f"The {name} judge goes by how sure the model was of what it wrote, and these answers are of "
            "others. Use another judge, such as generative."
        )
    return judge


async def _judge(judge: Judge, pair: AnswerPair) -> JudgedPair:
    """Judge a pair as it is and swapped."""
    question = [HumanMessage([pair.picture, {"type": "text", "text": pair.question}])]
    first, second = pair.answers
    if isinstance(judge, PairwiseJudge):
        as_given, swapped = await asyncio.gather(
            judge.acompare(Comparison(_PART, question, first, second)),
            judge.acompare(Comparison(_PART, question, second, first)),
        )
        chosen = (
            None if as_given.choice is None else as_given.choice - 1,
            None if swapped.choice is None else 2 - swapped.choice,
        )
        usages = [
            Usage(verdict.num_calls, verdict.usage["input_tokens"], verdict.usage["output_tokens"])
            for verdict in (as_given, swapped)
            if verdict.usage is not None
        ]
        usage = sum(usages, Usage()) if len(usages) == 2 else None
        num_calls = as_given.num_calls + swapped.num_calls
        return JudgedPair(pair.source, pair.better, chosen, num_calls, usage)
    assert isinstance(judge, ScoringJudge), "a judge compares or scores"
    scorings = [
        Scoring(_PART, [Entry(question, text, None) for text in order])
        for order in ((first, second), (second, first))
    ]
    scores, swapped_scores = await asyncio.gather(*map(judge.ascore_candidates, scorings))
    chosen = (_higher(*scores), _higher(*reversed(swapped_scores)))
    return JudgedPair(pair.source, pair.better, chosen, None, None)


def _higher(first: float, second: float) -> int | None:
    """Return the place of the higher score; None where they are alike, or one is no number."""
    if first == second or math.isnan(first) or math.isnan(second):
        return None
    return 0 if first > second else 1


def _summarize(judged: Sequence[JudgedPair], price: Price | None) -> JudgedPairs:
    num_pairs = len(judged)
    num_right = [each.chosen.count(each.better) for each in judged]
    calls = [each.num_calls for each in judged if each.num_calls is not None]
    usages = [each.usage for each in judged if each.usage is not None]
    # A mean over some of them would be a guess at the others.
    usage = sum(usages, Usage()) if len(usages) == num_pairs else None
    return JudgedPairs(
        pairs=num_pairs,
        right=sum(num_right) / (2 * num_pairs),
        interval=wilson_interval(sum(num_right) / 2, num_pairs),
        right_in_both=num_right.count(2) / num_pairs,
        agreed=sum(each.chosen in ((0, 0), (1, 1)) for each in judged) / num_pairs,
        first=sum((each.chosen[0] == 0) + (each.chosen[1] == 1) for each in judged) / (2 * num_pairs),
        unread=sum(each.chosen.count(None) for each in judged) / (2 * num_pairs),
        calls=sum(calls) / num_pairs if len(calls) == num_pairs else None,
        input_tokens=usage.input_tokens / num_pairs if usage else None,
        tokens=usage.output_tokens / num_pairs if usage else None,
        cost=usage.cost(price) / num_pairs if usage and price else None,
    )


def pair_table(report: PairReport) -> str:
    """Write a report as a Markdown table."""
    lines = [
        "| source | pairs | right | 95 % interval | right in both orders | both orders agree | first chosen "
        "| unreadable | calls per pair | tokens per pair, read and generated | cost per pair |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    rows = {"all": report.all}
    if list(report.by_source) != [""]:
        rows |= {source or "not said": found for source, found in report.by_source.items()}
    for source, found in rows.items():
        tokens = "–" if found.tokens is None else f"{found.input_tokens:.0f} and {found.tokens:.0f}"
        lines.append(
            f"| {source} | {found.pairs} | {found.right:.1%} "
            f"| {found.interval.low:.1%} to {found.interval.high:.1%} | {found.right_in_both:.1%} "
            f"| {found.agreed:.1%} | {found.first:.1%} | {found.unread:.1%} "
            f"| {'–' if found.calls is None else f'{found.calls:.1f}'} | {tokens} "
            f"| {'–' if found.cost is None else f'{found.cost:.6f}'} |"
        )
    return "\n".join(lines) + "\n"
