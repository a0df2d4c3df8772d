"""A search whose judge is listened to: each pair of candidates that it judges, in both orders."""

import asyncio
import itertools
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableConfig

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.answers import question_of
from langchain_llava_o1.evaluation.benchmark import Benchmark
from langchain_llava_o1.evaluation.item import Item
from langchain_llava_o1.evaluation.judged_pairs import (
    JudgedPair,
    PairVerdict,
    read_comparison,
    read_scores,
)
from langchain_llava_o1.judges.catalogue import find_judge, split_name
from langchain_llava_o1.judges.judge import Comparison, Judge, PairwiseJudge, Scoring, ScoringJudge
from langchain_llava_o1.judges.verdict import Verdict
from langchain_llava_o1.search.records import StageRecord
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.staging.parts.part import Part
from langchain_llava_o1.staging.transcript import parse_transcript

DEFAULT_JUDGE = "generative"

_BOTH_ORDERS = "judge_both_orders"
_DECIDED_BY_VERDICTS = ("judge", "disagreement", "unreadable")


class JudgedSearch:
    """Has a search draw candidates for the items of a benchmark, and its judge judge them in both orders.

    Attributes:
        judge: Full name of the judge.
    """

    def __init__(self, model: BaseChatModel, benchmark: Benchmark, strategy: Strategy) -> None:
        """Check the strategy, and make the judge.

        Raises:
            ConfigurationError: If the strategy's parts do not go together, or it compares no candidates.
        """
        self.judge = strategy.judge or DEFAULT_JUDGE
        is_scoring = find_judge(self.judge).is_scoring
        settings = dict(strategy.settings)
        if not is_scoring:
            if _BOTH_ORDERS not in strategy.settings_known_to(model):
                raise ConfigurationError(
                    f"{strategy.search} has no candidates compared, so that there is nothing for the "
                    f"{self.judge} judge to do. Name another strategy, such as stage-beam."
                )
            settings[_BOTH_ORDERS] = True
        # The judge's own name is checked here; the graph is built again, with a judge that is listened to.
        self._context = Strategy(strategy.search, strategy.judge, settings).build(model).context
        self._created = find_judge(self.judge).create(model, split_name(self.judge).own_model)
        self._create_graph = pkgutil.resolve_name(strategy.entry.home)
        self._model = model
        self._benchmark = benchmark

    async def judge_item(self, number: int) -> list[JudgedPair]:
        """Return the pairs that were judged for an item, each counted under its part of the answer.

        Raises:
            DamagedItemError: If the item cannot be read.
        """
        item = await asyncio.to_thread(self._benchmark.read_item, number)
        recorder = _record(self._created)
        graph = self._create_graph(self._model, judge=recorder).compile()
        context = self._context.model_copy(update={"seed": number, "needs_picture": False})
        state = await graph.ainvoke({"messages": [question_of(item)]}, context=context)
        accepted: list[str] = []
        pairs = []
        for record in state["stages"].values():
            for pair in recorder.pairs_of(record):
                better = await self._find_better(item, record, accepted, pair)
                pairs.append(JudgedPair(record["part"], better, pair.verdicts))
            accepted.append(_body(record["candidates"][record["winner"]]["text"]))
        return pairs

    async def _find_better(
        self, item: Item, record: StageRecord, accepted: Sequence[str], pair: "_RecordedPair"
    ) -> int | None:
        """Return which candidate of a pair is right, if just one is."""
        rights = [
            await self._benchmark.grade_part(item, record["part"], accepted, _text(record, index))
            for index in (pair.first, pair.second)
        ]
        return rights.index(True) if set(rights) == {True, False} else None


class _RecordedPair(NamedTuple):
    """Two candidates of a step, by their index, and what the judge made of them, in either order."""

    first: int
    second: int
    verdicts: tuple[PairVerdict, PairVerdict]


class _ComparisonRecorder(PairwiseJudge):
    """Has a judge compare, and keeps its verdicts.

    In the records of a search a verdict's number stands in the place of its text, so that what it chose and
    what it took are known whatever the judge writes.
    """

    def __init__(self, judge: PairwiseJudge) -> None:
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

    def pairs_of(self, record: StageRecord) -> Iterator[_RecordedPair]:
        """Return the matches of a step that the judge was asked about."""
        for match in record["matches"]:
            if match["decided_by"] in _DECIDED_BY_VERDICTS:
                as_drawn, swapped = (self._verdicts[int(number)] for number in match["verdicts"])
                verdicts = (read_comparison(as_drawn, 0), read_comparison(swapped, 1))
                yield _RecordedPair(match["first"], match["second"], verdicts)

    def _keep(self, verdict: Verdict) -> Verdict:
        self._verdicts.append(verdict)
        return replace(verdict, text=str(len(self._verdicts) - 1))


class _ScoreRecorder(ScoringJudge):
    """Has a judge score candidates in both orders, and keeps the scores; the search goes by the first."""

    def __init__(self, judge: ScoringJudge) -> None:
        self._judge = judge
        # It is told so of the judge's class, and this is an object's.
        self.needs_logprobs = judge.needs_logprobs  # type: ignore[misc]
        self._scores: list[tuple[Sequence[float], Sequence[float]]] = []

    @property
    def default_cutoff(self) -> float | None:
        """The judge's own."""
        return self._judge.default_cutoff

    def score_candidates(self, scoring: Scoring, config: RunnableConfig | None = None) -> Sequence[float]:
        """Score candidates in both orders."""
        scores = self._judge.score_candidates(scoring, config)
        return self._keep(scores, self._judge.score_candidates(_swap(scoring), config))

    async def ascore_candidates(
        self, scoring: Scoring, config: RunnableConfig | None = None
    ) -> Sequence[float]:
        """Score candidates in both orders, without blocking the event loop."""
        scores = await self._judge.ascore_candidates(scoring, config)
        return self._keep(scores, await self._judge.ascore_candidates(_swap(scoring), config))

    def pairs_of(self, record: StageRecord) -> Iterator[_RecordedPair]:
        """Return all pairs of a step's candidates that differ and are complete; steps come in their order."""
        # Where candidates vote, there are scores without the judge, which is asked in a tie alone.
        if record["scores"] is None or not self._scores:
            return
        as_drawn, swapped = self._scores.pop(0)
        candidates = [each for each in record["candidates"] if each["is_complete"]]
        for first, second in itertools.combinations(candidates, 2):
            if first["text"] != second["text"]:
                one, other = first["index"], second["index"]
                verdicts = (
                    read_scores(as_drawn[one], as_drawn[other]),
                    read_scores(swapped[one], swapped[other]),
                )
                yield _RecordedPair(one, other, verdicts)

    def _keep(self, scores: Sequence[float], swapped: Sequence[float]) -> Sequence[float]:
        self._scores.append((scores, swapped[::-1]))
        return scores


def _record(judge: Judge) -> Any:
    if isinstance(judge, PairwiseJudge):
        return _ComparisonRecorder(judge)
    assert isinstance(judge, ScoringJudge), "a judge compares or scores"
    return _ScoreRecorder(judge)


def _swap(scoring: Scoring) -> Scoring:
    return Scoring(scoring.part, scoring.entries[::-1])


def _text(record: StageRecord, index: int) -> str:
    text = record["candidates"][index]["text"]
    return text if record["part"] == "answer" else _body(text)


def _body(text: str) -> str:
    stages = parse_transcript(text).stages
    return stages[0].body if stages else text.strip()
