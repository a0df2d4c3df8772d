"""How good a judge is: whole answers of others, of which people know the better one, in both orders."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage

from langchain_llava_o1.data.annotation.spending import Price
from langchain_llava_o1.errors import ConfigurationError, DataError
from langchain_llava_o1.evaluation.accuracy import Interval
from langchain_llava_o1.evaluation.item import DamagedItemError
from langchain_llava_o1.evaluation.judge_pairs import AnswerPair, PairFile
from langchain_llava_o1.evaluation.judged_pairs import (
    JudgedPair,
    PairVerdict,
    judge_each,
    read_comparison,
    read_scores,
    tally_pairs,
    write_share,
)
from langchain_llava_o1.evaluation.verdict_log import VerdictLog
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


@dataclass(frozen=True)
class JudgedPairs:
    """How a judge did on pairs.

    Attributes:
        pairs: How many, each judged in both orders.
        right: Share of the verdicts that name the better answer.
        interval: Its 95 % interval (Wilson) over pairs: the two verdicts on one depend on each other.
        right_in_both: Share of the pairs in which both orders name the better answer.
        agreed: Share of the pairs in which both orders name the same answer.
        first: Share of the verdicts that name an answer which choose the one shown first; without bias a
            half. None where no verdict names any.
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
    first: float | None
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
    log: VerdictLog | None = None,
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
        log: Where every verdict is written down; those that it has are not asked for again.
        report: Called as each pair is judged.
        report_damage: Called for each pair that cannot be read; the others go on.

    Raises:
        ConfigurationError: If there is no such judge, it cannot judge what others wrote, or there are too few
            pairs.
        DataError: If no pair can be read.
    """
    numbers = pairs.numbers(seed, items)
    created = _create_judge(model, judge)
    known = _KnownVerdicts(log)
    started = time.perf_counter()
    judged: dict[int, JudgedPair] = {}

    async def judge_pair(number: int) -> None:
        pair = await asyncio.to_thread(pairs.read_pair, number)

        async def judge_order(order: int) -> PairVerdict:
            found = known.find(pair, number, order)
            if found is None:
                found = await _judge(created, pair, order)
                known.add(pair, number, order, judge, found)
            return found

        both = await asyncio.gather(judge_order(0), judge_order(1), return_exceptions=True)
        judged[number] = JudgedPair(
            pair.source, pair.better, (_unless_failed(both[0]), _unless_failed(both[1]))
        )
        report(judged[number])

    await judge_each(numbers, judge_pair, concurrency=concurrency, report_damage=report_damage)
    seconds = time.perf_counter() - started
    if not judged:
        raise DataError(f"None of the {len(numbers)} pairs of {pairs.path} can be read. Correct the file.")
    found = [judged[number] for number in sorted(judged)]
    by_source = {
        source: _summarize([each for each in found if each.source == source], price)
        for source in sorted({each.source for each in found})
    }
    asked = split_name(judge).own_model or name_of(model)
    all_of_them = _summarize(found, price)
    return PairReport(str(pairs.path), judge, asked, seed, round(seconds, 2), all_of_them, by_source)


def describe_pair_judging(model: BaseChatModel, judge: str, pairs: PairFile) -> dict[str, Any]:
    """Return what all verdicts of a log have in common."""
    asked = split_name(judge).own_model or name_of(model)
    return {"pairs": pairs.path.name, "judge": judge, "model": asked}


class _KnownVerdicts:
    """The verdicts of a log, by pair and order."""

    def __init__(self, log: VerdictLog | None) -> None:
        self._log = log
        self._found: dict[tuple[int, str, int], PairVerdict] = {}
        if log is not None:
            log.read(self._read)

    def _read(self, line: dict[str, Any]) -> None:
        self._found[line["item"], line["pair"], line["order"]] = PairVerdict.from_json(line)

    def find(self, pair: AnswerPair, number: int, order: int) -> PairVerdict | None:
        return self._found.get((number, pair.id, order))

    def add(self, pair: AnswerPair, number: int, order: int, judge: str, found: PairVerdict) -> None:
        if self._log is not None:
            self._log.add(
                [{"item": number, "pair": pair.id, "order": order, "judge": judge, **found.as_json()}]
            )


def _unless_failed(found: PairVerdict | BaseException) -> PairVerdict:
    if isinstance(found, BaseException):
        raise found
    return found


def _create_judge(model: BaseChatModel, name: str) -> Judge:
    judge = find_judge(name).create(model, split_name(name).own_model)
    if judge.needs_logprobs:
        raise ConfigurationError(
            f"The {name} judge goes by how sure the model was of what it wrote, and these answers are of "
            "others. Use another judge, such as generative."
        )
    return judge


async def _judge(judge: Judge, pair: AnswerPair, order: int) -> PairVerdict:
    """Judge a pair, shown as it is (order 0) or swapped (order 1)."""
    question = [HumanMessage([pair.picture, {"type": "text", "text": pair.question}])]
    shown = pair.answers if order == 0 else pair.answers[::-1]
    if isinstance(judge, PairwiseJudge):
        return read_comparison(await judge.acompare(Comparison(_PART, question, *shown)), order)
    assert isinstance(judge, ScoringJudge), "a judge compares or scores"
    scoring = Scoring(_PART, [Entry(question, text, None) for text in shown])
    first, second = await judge.ascore_candidates(scoring)
    return read_scores(first, second) if order == 0 else read_scores(second, first)


def _summarize(judged: Sequence[JudgedPair], price: Price | None) -> JudgedPairs:
    tally = tally_pairs(judged)
    num_pairs, usage = tally.pairs, tally.usage
    assert tally.right is not None, "the better answer of every pair is known"
    assert tally.right_in_both is not None, "the better answer of every pair is known"
    assert tally.interval is not None, "the better answer of every pair is known"
    return JudgedPairs(
        pairs=num_pairs,
        right=tally.right,
        interval=tally.interval,
        right_in_both=tally.right_in_both,
        agreed=tally.agreed,
        first=tally.first,
        unread=tally.unread,
        calls=None if tally.num_calls is None else tally.num_calls / num_pairs,
        input_tokens=usage.input_tokens / num_pairs if usage else None,
        tokens=usage.output_tokens / num_pairs if usage else None,
        cost=tally.cost_per_pair(price),
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
            f"| {found.agreed:.1%} | {write_share(found.first)} | {found.unread:.1%} "
            f"| {'–' if found.calls is None else f'{found.calls:.1f}'} | {tokens} "
            f"| {'–' if found.cost is None else f'{found.cost:.6f}'} |"
        )
    return "\n".join(lines) + "\n"
