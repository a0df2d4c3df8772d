"""One choice of a search: candidates are drawn, compared or scored, and the best are kept.

Every search is made of such contests: over a stage, a sentence, or a whole answer. ``create_contest`` is the
graph of one, in execution order. It holds no pictures: the node it runs in hands them to it as run-scoped
context, which no checkpoint holds, and does so again when a run is resumed.
"""

import asyncio
import math
import operator
import sys
from collections.abc import Sequence
from typing import Any, Literal

from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime, get_runtime
from langgraph.types import Command, Send

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.generative import ChatModel
from langchain_llava_o1.judges.judge import (
    Comparison,
    Judge,
    PairwiseJudge,
    Scoring,
    ScoringJudge,
    most_calls,
)
from langchain_llava_o1.judges.verdict import Verdict
from langchain_llava_o1.search.agreement import shares
from langchain_llava_o1.search.answer import open_stage
from langchain_llava_o1.search.budget import Allowance
from langchain_llava_o1.search.candidates import read_candidate
from langchain_llava_o1.search.contest_state import (
    ContestContext,
    ContestInput,
    ContestOutput,
    ContestState,
    MatchJob,
    SampleJob,
)
from langchain_llava_o1.search.events import (
    CandidateSampled,
    CandidatesScored,
    MatchDecided,
    RoundStarted,
    StageStarted,
    WinnerSelected,
)
from langchain_llava_o1.search.matches import comparisons, entries, settle_by_verdicts, settle_without_judge
from langchain_llava_o1.search.records import CandidateRecord, MatchRecord
from langchain_llava_o1.search.sampling import Continuation, SamplingRequest, asample, sample
from langchain_llava_o1.search.seeds import candidate_seed
from langchain_llava_o1.search.tournament import Match, Standing, standing

ContestGraph = StateGraph[ContestState, ContestContext, ContestInput, ContestOutput]


def create_contest(model: ChatModel, judge: Judge, continuation: Continuation) -> ContestGraph:
    """Build the graph of one contest.

    With a judge that compares: plan ⇢ N × sample → bracket ⇄ match, bracket ⇢ select. With one that scores:
    plan ⇢ N × sample → rank ⇢ select. Where candidates are drawn in groups, bracket and rank send out more
    samples.
    """
    needs_logprobs = getattr(judge, "needs_logprobs", False)

    def plan(state: ContestState, runtime: Runtime[ContestContext]) -> Command[Literal["sample"]]:
        """Send out the first candidates to sample, each with its own seed."""
        context = runtime.context
        wanted, group = state["num_candidates"], context.settings.group
        allowed = _allow(state, context, wanted)
        # Without any candidate there would be no answer.
        num_allowed = max(1, allowed.num_calls)
        context.report(StageStarted(type="stage_started", stage=context.name, num_candidates=num_allowed))
        num_first = min(group or wanted, num_allowed)
        # A limit that only a later group would reach may never be reached.
        limit = allowed.limit if num_first < min(group or wanted, wanted) else None
        return Command(goto=_sends(state, range(num_first)), update={"limit": limit})

    def sample_candidate(job: SampleJob, config: RunnableConfig) -> dict[str, Any]:
        return keep_candidate(
            job, sample(model, _sampling_request(job, continuation, needs_logprobs), config)
        )

    async def asample_candidate(job: SampleJob, config: RunnableConfig) -> dict[str, Any]:
        return keep_candidate(
            job, await asample(model, _sampling_request(job, continuation, needs_logprobs), config)
        )

    def keep_candidate(job: SampleJob, reply: AIMessage) -> dict[str, Any]:
        context = get_runtime(ContestContext).context
        beam = _beam_of(job, context)
        is_begun = open_stage(context.beams[beam]) is not None
        may_be_untagged = continuation == "instruct"
        candidate = read_candidate(context.part, reply, is_begun=is_begun, may_be_untagged=may_be_untagged)
        record = CandidateRecord(
            index=job["index"],
            beam=beam,
            text=candidate.text,
            tokens=candidate.tokens,
            seed=job["seed"],
            finish_reason=candidate.finish_reason,
            is_complete=candidate.is_complete,
            mean_logprob=candidate.mean_logprob,
        )
        context.report(
            CandidateSampled(
                type="candidate",
                stage=context.name,
                index=record["index"],
                tokens=record["tokens"],
                finish_reason=record["finish_reason"],
            )
        )
        return {"candidates": [record], "calls": [reply.usage_metadata]}

    def bracket(
        state: ContestState, runtime: Runtime[ContestContext]
    ) -> Command[Literal["sample", "match", "select"]]:
        """Draw the next round and send out all its matches, or end the tournament."""
        assert isinstance(judge, PairwiseJudge), "only judges that compare have a bracket"
        context = runtime.context
        if more := _draw_more(state, context):
            return more
        drawn = _standing(state).next_round
        if drawn is None or _is_agreed(state, context):
            return Command(goto="select")
        jobs = [_match_job(state, match) for match in drawn.matches]
        num_asked = sum(_settle_without_judge(job) is None for job in jobs)
        if num_asked:
            num_orders = 2 if context.settings.judge_both_orders else 1
            num_calls = num_asked * num_orders * most_calls(judge, context.part)
            allowed = _allow(state, context, num_calls)
            if allowed.limit:
                return Command(goto="select", update={"limit": allowed.limit})
        context.report(
            RoundStarted(type="round", stage=context.name, round=drawn.number, num_matches=len(drawn.matches))
        )
        return Command(goto=[Send("match", job) for job in jobs])

    def play_match(job: MatchJob, config: RunnableConfig) -> dict[str, Any]:
        assert isinstance(judge, PairwiseJudge), "only judges that compare have matches"
        return keep_match(job, [judge.compare(pair, config) for pair in _pairs_to_judge(job)])

    async def aplay_match(job: MatchJob, config: RunnableConfig) -> dict[str, Any]:
        assert isinstance(judge, PairwiseJudge), "only judges that compare have matches"
        pairs = _pairs_to_judge(job)
        return keep_match(job, await asyncio.gather(*(judge.acompare(pair, config) for pair in pairs)))

    def keep_match(job: MatchJob, verdicts: Sequence[Verdict]) -> dict[str, Any]:
        record = _settle_without_judge(job) or settle_by_verdicts(_match(job), verdicts, job["seed"])
        context = get_runtime(ContestContext).context
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
        calls = [
            usage for verdict in verdicts for usage in (verdict.usage, *[None] * (verdict.num_calls - 1))
        ]
        return {"matches": [record], "calls": calls}

    def rank(state: ContestState, config: RunnableConfig) -> Command[Literal["sample", "select"]]:
        """Let the judge score all candidates, if there is anything to choose."""
        assert isinstance(judge, ScoringJudge), "only judges that score rank"
        scoring = _scoring(state)
        if isinstance(scoring, Command):
            return scoring
        return keep_scores(scoring, judge.score_candidates(scoring, config))

    async def arank(state: ContestState, config: RunnableConfig) -> Command[Literal["sample", "select"]]:
        """Let the judge score all candidates, if there is anything to choose."""
        assert isinstance(judge, ScoringJudge), "only judges that score rank"
        scoring = _scoring(state)
        if isinstance(scoring, Command):
            return scoring
        return keep_scores(scoring, await judge.ascore_candidates(scoring, config))

    def keep_scores(scoring: Scoring, scores: Sequence[float]) -> Command[Literal["sample", "select"]]:
        context = get_runtime(ContestContext).context
        found, num_candidates = [_finite(float(score)) for score in scores], len(scoring.entries)
        if len(found) != num_candidates:
            raise ConfigurationError(
                f"{type(judge).__name__} returned {len(found)} score(s) for {num_candidates} candidate(s). "
                "Return one for each, in their order."
            )
        context.report(CandidatesScored(type="scores", stage=context.name, scores=found))
        return Command(goto="select", update={"scores": found})

    def select(state: ContestState, runtime: Runtime[ContestContext]) -> dict[str, Any]:
        """Accept the best."""
        kept = _kept(state)
        text = _by_index(state)[kept[0]]["text"]
        report = runtime.context.report
        report(WinnerSelected(type="winner", stage=runtime.context.name, index=kept[0], text=text))
        return {"kept": kept}

    # No context_schema: a server would offer it as a form, and a ContestContext is no user's to fill in.
    graph: ContestGraph = StateGraph(ContestState, input_schema=ContestInput, output_schema=ContestOutput)
    graph.add_node("plan", plan, destinations={"sample": "N candidates"})
    graph.add_node(
        "sample",
        RunnableLambda(sample_candidate, asample_candidate, name="sample"),
        input_schema=SampleJob,
    )
    graph.add_node("select", select)
    graph.add_edge(START, "plan")
    if isinstance(judge, ScoringJudge):
        destinations = {"select": "all are scored", "sample": "another group"}
        graph.add_node("rank", RunnableLambda(rank, arank, name="rank"), destinations=destinations)
        graph.add_edge("sample", "rank")
    else:
        destinations = {
            "match": "matches of a round",
            "select": "the best are left",
            "sample": "another group",
        }
        graph.add_node("bracket", bracket, destinations=destinations)
        graph.add_node("match", RunnableLambda(play_match, aplay_match, name="match"), input_schema=MatchJob)
        graph.add_edge("sample", "bracket")
        graph.add_edge("match", "bracket")
    graph.add_edge("select", END)
    return graph


def _sends(state: ContestState, indices: range) -> list[Send]:
    seeds = {index: candidate_seed(state["seed"], index) for index in indices}
    return [Send("sample", SampleJob(index=index, seed=seed)) for index, seed in seeds.items()]


def _allow(state: ContestState, context: ContestContext, num_wanted: int) -> Allowance:
    spent = context.spent.with_calls(state["calls"])
    return context.budget.allow(spent, context.part, wanted=num_wanted)


def _draw_more(state: ContestState, context: ContestContext) -> Command[Any] | None:
    """Send out the next group to sample, if candidates are drawn in groups and too few agree."""
    group, num_drawn = context.settings.group, len(state["candidates"])
    num_missing = state["num_candidates"] - num_drawn
    if group is None or state["matches"] or not num_missing:
        return None
    if max(shares(context.part, state["candidates"])) >= context.settings.agreement and num_drawn > 1:
        return None
    allowed = _allow(state, context, min(group, num_missing))
    if not allowed.num_calls:
        return Command(goto="select", update={"limit": allowed.limit})
    return Command(goto=_sends(state, range(num_drawn, num_drawn + allowed.num_calls)))


def _is_agreed(state: ContestState, context: ContestContext) -> bool:
    """Tell whether all candidates say the same, and that settles it."""
    return (
        context.settings.early_stop
        and not state["matches"]
        and min(shares(context.part, state["candidates"])) == 1.0
    )


def _is_choice(state: ContestState, context: ContestContext) -> bool:
    return context.needs_scores or (
        len(state["candidates"]) > state["num_kept"] and not _is_agreed(state, context)
    )


def _sampling_request(job: SampleJob, continuation: Continuation, needs_logprobs: bool) -> SamplingRequest:
    context = get_runtime(ContestContext).context
    settings, part = context.settings, context.part
    return SamplingRequest(
        part=part,
        question=context.question,
        accepted=context.beams[_beam_of(job, context)]["text"],
        continuation=continuation,
        index=job["index"],
        seed=job["seed"],
        temperature=settings.temperature,
        max_tokens=settings.max_tokens(part),
        needs_logprobs=needs_logprobs,
    )


def _beam_of(job: SampleJob, context: ContestContext) -> int:
    """Return which beam a candidate goes on from: they take turns, so that groups draw from all of them."""
    return job["index"] % len(context.beams)


def _by_index(state: ContestState) -> dict[int, CandidateRecord]:
    return {candidate["index"]: candidate for candidate in state["candidates"]}


def _standing(state: ContestState) -> Standing:
    winners = {
        Match(match["round"], match["first"], match["second"]): match["winner"] for match in state["matches"]
    }
    return standing(len(state["candidates"]), state["seed"], winners, num_kept=state["num_kept"])


def _kept(state: ContestState) -> list[int]:
    """Return who is left, the best first: by score or, where a tournament ended early, by confidence."""
    candidates = _by_index(state)
    scores = state.get("scores")

    def rank(index: int) -> tuple[bool, float, int]:
        candidate = candidates[index]
        worth = scores[index] if scores else candidate["mean_logprob"]
        return candidate["is_complete"], -math.inf if worth is None or math.isnan(worth) else worth, -index

    left = sorted(candidates) if scores else list(_standing(state).left)
    if len(left) > state["num_kept"] or scores:
        left = sorted(left, key=rank, reverse=True)
    return left[: state["num_kept"]]


def _finite(score: float) -> float | None:
    """Return a score as records hold it, which are written as JSON: JSON has no infinity and no NaN."""
    return None if math.isnan(score) or score == -math.inf else min(score, sys.float_info.max)


def _match_job(state: ContestState, match: Match) -> MatchJob:
    candidates = _by_index(state)
    first, second = candidates[match.first], candidates[match.second]
    return MatchJob(round=match.round, first=first, second=second, seed=state["seed"])


def _match(job: MatchJob) -> Match:
    return Match(job["round"], job["first"]["index"], job["second"]["index"])


def _settle_without_judge(job: MatchJob) -> MatchRecord | None:
    return settle_without_judge(_match(job), job["first"], job["second"])


def _pairs_to_judge(job: MatchJob) -> list[Comparison]:
    if _settle_without_judge(job):
        return []
    context = get_runtime(ContestContext).context
    return comparisons(
        context.part,
        context.question,
        context.beams,
        (job["first"], job["second"]),
        both_orders=context.settings.judge_both_orders,
    )


def _scoring(state: ContestState) -> Scoring | Command[Literal["sample", "select"]]:
    """Return what the judge is to score, or what to do where there is nothing to choose yet, or at all."""
    context = get_runtime(ContestContext).context
    if more := _draw_more(state, context):
        return more
    if not _is_choice(state, context):
        return Command(goto="select")
    candidates = sorted(state["candidates"], key=operator.itemgetter("index"))
    return Scoring(context.part, entries(context.part, context.question, context.beams, candidates))
