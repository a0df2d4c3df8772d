"""Knock-out: candidates meet two at a time, a judge compares them, and the winners go on.

Source: LLaVA-o1 (arXiv 2411.10440), section 3.3. N - 1 matches leave one of N candidates.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.runtime import get_runtime
from langgraph.types import Command, Send
from typing_extensions import TypedDict

from langchain_llava_o1.judges.judge import Comparison, PairwiseJudge
from langchain_llava_o1.judges.verdict import Verdict
from langchain_llava_o1.search.events import MatchDecided, RoundStarted
from langchain_llava_o1.search.records import CandidateRecord, MatchRecord
from langchain_llava_o1.search.selection.matches import settle_by_verdicts, settle_without_judge
from langchain_llava_o1.search.selection.selection import Selection, best_first
from langchain_llava_o1.search.selection.tournament import Match, Standing, standing
from langchain_llava_o1.search.selection.views import comparisons
from langchain_llava_o1.search.settings import ComparisonSettings, Settings
from langchain_llava_o1.search.step_state import StepContext, StepGraph, StepState


class MatchJob(TypedDict):
    """One match to decide. ``seed`` is the bracket's."""

    round: int
    first: CandidateRecord
    second: CandidateRecord
    seed: int


@dataclass(frozen=True)
class Knockout(Selection):
    """Let candidates meet in pairs drawn from the seed: bracket ⇄ match, until the best are left.

    Attributes:
        judge: What compares.
    """

    judge: PairwiseJudge

    node: ClassVar[str] = "bracket"
    destinations: ClassVar[dict[str, str]] = {
        "match": "matches of a round",
        "select": "the best are left",
    }
    settings: ClassVar[type[Settings]] = ComparisonSettings

    @property
    def needs_logprobs(self) -> bool:
        """As the judge says."""
        return self.judge.needs_logprobs

    def add_nodes(self, graph: StepGraph) -> None:
        """Add the node that decides a match."""
        match = RunnableLambda(self._play, self._aplay, name="match")
        graph.add_node("match", match, input_schema=MatchJob)
        graph.add_edge("match", self.node)

    def decide(self, state: StepState, context: StepContext, config: RunnableConfig) -> Command[Any]:
        """Draw the next round and send out all its matches, or end the tournament."""
        drawn = _standing(state).next_round
        if drawn is None:
            return Command(goto="select")
        jobs = [_job(state, match) for match in drawn.matches]
        num_asked = sum(_settle(job) is None for job in jobs)
        if num_asked:
            num_orders = 2 if context.settings.judge_both_orders else 1
            num_calls = num_asked * num_orders * self.judge.most_calls(context.part)
            allowed = context.allow(state, num_calls)
            if allowed.limit:
                return Command(goto="select", update={"limit": allowed.limit})
        context.report(
            RoundStarted(type="round", stage=context.name, round=drawn.number, num_matches=len(drawn.matches))
        )
        return Command(goto=[Send("match", job) for job in jobs])

    def keep(self, state: StepState) -> list[int]:
        """Return who is left, by matches won, then by confidence.

        More are left than are to be kept where a limit ended the tournament.
        """
        left = _standing(state).left
        wins = Counter(match["winner"] for match in state["matches"])

        def worth(candidate: CandidateRecord) -> tuple[int, float]:
            mean = candidate["mean_logprob"]
            return wins[candidate["index"]], -math.inf if mean is None or math.isnan(mean) else mean

        candidates = [candidate for candidate in state["candidates"] if candidate["index"] in left]
        return best_first(candidates, worth)[: state["num_kept"]]

    def _play(self, job: MatchJob, config: RunnableConfig) -> dict[str, Any]:
        return _keep(job, [self.judge.compare(pair, config) for pair in _pairs_to_judge(job)])

    async def _aplay(self, job: MatchJob, config: RunnableConfig) -> dict[str, Any]:
        pairs = _pairs_to_judge(job)
        return _keep(job, await asyncio.gather(*(self.judge.acompare(pair, config) for pair in pairs)))


def _standing(state: StepState) -> Standing:
    winners = {
        Match(match["round"], match["first"], match["second"]): match["winner"] for match in state["matches"]
    }
    return standing(len(state["candidates"]), state["seed"], winners, num_kept=state["num_kept"])


def _job(state: StepState, match: Match) -> MatchJob:
    candidates = {candidate["index"]: candidate for candidate in state["candidates"]}
    first, second = candidates[match.first], candidates[match.second]
    return MatchJob(round=match.round, first=first, second=second, seed=state["seed"])


def _match(job: MatchJob) -> Match:
    return Match(job["round"], job["first"]["index"], job["second"]["index"])


def _settle(job: MatchJob) -> MatchRecord | None:
    return settle_without_judge(_match(job), job["first"], job["second"])


def _pairs_to_judge(job: MatchJob) -> list[Comparison]:
    if _settle(job):
        return []
    context = get_runtime(StepContext).context
    return comparisons(
        context.part,
        context.question,
        context.beams,
        (job["first"], job["second"]),
        both_orders=context.settings.judge_both_orders,
    )


def _keep(job: MatchJob, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    record = _settle(job) or settle_by_verdicts(_match(job), verdicts, job["seed"])
    context = get_runtime(StepContext).context
    context.report(
        MatchDecided(
            type="match",
            stage=context.name,
            round=record["round"],
            first=record["first"],
            second=record["second"],
            winner=record["winner"],
            is_read=record["is_read"],
        )
    )
    # A verdict that took several calls is one entry with the usage of all, and empty ones for the others.
    calls = [usage for verdict in verdicts for usage in (verdict.usage, *[None] * (verdict.num_calls - 1))]
    return {"matches": [record], "calls": calls}
