"""Stage-level beam search: at each stage sample N candidates, keep the winner of a knock-out, go on from it.

Source: LLaVA-o1 (arXiv 2411.10440), section 3.3. ``create_stage_beam`` is the whole answer, one node
per stage; ``create_stage`` is what happens inside such a node. Both read in execution order.

The question's pictures are in the parent graph's ``messages`` and nowhere else. A stage's node hands them
to its subgraph as run-scoped context, which no checkpoint holds, and does so again when a run is resumed.
"""

import asyncio
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Annotated, Any, Literal

from langchain_core.messages import AIMessage, AnyMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata, add_usage
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.runtime import Runtime, get_runtime
from langgraph.types import Command, Overwrite, Send
from typing_extensions import TypedDict

from langchain_llava_o1.errors import MessageError
from langchain_llava_o1.judges.generative import GenerativeJudge
from langchain_llava_o1.judges.judge import Comparison, Judge
from langchain_llava_o1.judges.verdict import Verdict
from langchain_llava_o1.search.answer import accepted_text, compose_answer
from langchain_llava_o1.search.candidates import read_candidate
from langchain_llava_o1.search.context import StageBeamContext
from langchain_llava_o1.search.events import (
    CandidateSampled,
    MatchDecided,
    Reporter,
    RoundStarted,
    StageStarted,
    WinnerSelected,
    reporter_of,
)
from langchain_llava_o1.search.matches import comparisons, settle_by_verdicts, settle_without_judge
from langchain_llava_o1.search.records import CandidateRecord, MatchRecord, StageRecord
from langchain_llava_o1.search.sampling import ChatModel, SamplingRequest, asample, sample
from langchain_llava_o1.search.seeds import candidate_seed, derive_seed, draw_seed
from langchain_llava_o1.search.tournament import Match, Standing, standing
from langchain_llava_o1.stages import STAGES, Stage


class StageBeamInput(TypedDict):
    """What a search is given: the conversation, its last message the question."""

    messages: Annotated[list[AnyMessage], add_messages]


class StageBeamOutput(TypedDict):
    """What a search returns: the conversation with the answer, and how each stage came about."""

    messages: Annotated[list[AnyMessage], add_messages]
    stages: Annotated[dict[str, StageRecord], operator.or_]


class StageBeamState(StageBeamOutput):
    """State of a search. Settings are kept, seed included, so that a resumed run goes on with its own."""

    settings: dict[str, Any]


StageBeamGraph = StateGraph[StageBeamState, StageBeamContext, StageBeamInput, StageBeamOutput]


def create_stage_beam(model: ChatModel, *, judge: Judge | None = None) -> StageBeamGraph:
    """Build the graph of a stage-level beam search, uncompiled.

    Settings are given with each run and kept with it: ``graph.compile().invoke({"messages": […]},
    context=StageBeamContext(candidates=8))``; a dict with the same names does as well.

    Args:
        model: Any LangChain chat model that continues a conversation ending in an AI message.
        judge: What decides the matches; by default ``model`` itself, asked for a reason and a choice.
    """
    judge = GenerativeJudge(model) if judge is None else judge
    graph: StageBeamGraph = StateGraph(
        StageBeamState,
        context_schema=StageBeamContext,
        input_schema=StageBeamInput,
        output_schema=StageBeamOutput,
    )
    graph.add_node("question", take_question)
    graph.add_edge(START, "question")
    last = "question"
    for stage in STAGES:
        graph.add_node(stage.name, _stage_node(stage, model, judge))
        graph.add_edge(last, stage.name)
        last = stage.name
    graph.add_node("answer", give_answer)
    graph.add_edge(last, "answer")
    graph.add_edge("answer", END)
    return graph


def take_question(state: StageBeamState, runtime: Runtime[StageBeamContext]) -> dict[str, Any]:
    """Check the question, fix the settings of this turn and forget the stages of the last one."""
    messages = state["messages"]
    if not messages or isinstance(messages[-1], AIMessage):
        last = f"an AI message ({str(messages[-1].text)[:60]!r})" if messages else "missing"
        raise MessageError(f"The last message is {last}; end `messages` with the user's question.")
    settings = runtime.context or StageBeamContext()
    if settings.seed is None:
        settings = settings.model_copy(update={"seed": draw_seed()})
    return {"settings": settings.model_dump(), "stages": Overwrite({})}


def _stage_node(stage: Stage, model: ChatModel, judge: Judge) -> RunnableLambda[Any, Any]:
    """Build the node of one stage: its compiled subgraph, given the pictures as context."""
    subgraph = create_stage(stage, model, judge).compile(name=stage.name)

    def run(state: StageBeamState, config: RunnableConfig) -> dict[str, Any]:
        context = _stage_context(state, config)
        output = subgraph.invoke(_stage_input(stage, context.settings), config, context=context)
        return {"stages": {stage.name: _stage_record(output)}}

    async def arun(state: StageBeamState, config: RunnableConfig) -> dict[str, Any]:
        context = _stage_context(state, config)
        output = await subgraph.ainvoke(_stage_input(stage, context.settings), config, context=context)
        return {"stages": {stage.name: _stage_record(output)}}

    return RunnableLambda(run, arun, name=stage.name)


def _stage_context(state: StageBeamState, config: RunnableConfig) -> "StageContext":
    accepted = accepted_text(state["stages"])
    continued = [AIMessage(accepted)] if accepted else []
    return StageContext(
        prompt=(*state["messages"], *continued),
        settings=StageBeamContext.model_validate(state["settings"]),
        report=reporter_of(config),
    )


def _stage_input(stage: Stage, settings: StageBeamContext) -> "StageInput":
    assert settings.seed is not None, "take_question fixes the seed"
    return StageInput(
        num_candidates=settings.num_candidates(stage), seed=derive_seed(settings.seed, stage.name)
    )


def _stage_record(output: dict[str, Any]) -> StageRecord:
    candidates = sorted(output["candidates"], key=operator.itemgetter("index"))
    usages = [usage for usage in output["calls"] if usage]
    return StageRecord(
        candidates=candidates,
        matches=output["matches"],
        winner=output["winner"],
        is_complete=candidates[output["winner"]]["is_complete"],
        num_calls=len(output["calls"]),
        usage=reduce(add_usage, usages) if usages else None,
    )


def give_answer(state: StageBeamState) -> dict[str, Any]:
    """Append the answer to the conversation."""
    return {"messages": [compose_answer(state["stages"], seed=state["settings"]["seed"])]}


class StageOutput(TypedDict):
    """What a stage makes. One entry of ``calls`` is one model call's usage."""

    candidates: Annotated[list[CandidateRecord], operator.add]
    matches: Annotated[list[MatchRecord], operator.add]
    calls: Annotated[list[UsageMetadata | None], operator.add]
    winner: int


class StageInput(TypedDict):
    """What a stage starts from. ``seed`` is the stage's own."""

    num_candidates: int
    seed: int


class StageState(StageInput, StageOutput):
    """State of one stage, small and without pictures: it is saved after every step."""


class SampleJob(TypedDict):
    """One candidate to sample."""

    index: int
    seed: int


class MatchJob(TypedDict):
    """One match to decide. ``seed`` is the bracket's."""

    round: int
    first: CandidateRecord
    second: CandidateRecord
    seed: int


@dataclass(frozen=True)
class StageContext:
    """What a stage's nodes see besides its state.

    Attributes:
        prompt: The question with its images, then the accepted stages as an AI message to continue.
        settings: Settings of the search, its seed fixed.
        report: Where progress goes.
    """

    prompt: tuple[BaseMessage, ...]
    settings: StageBeamContext
    report: Reporter


StageGraph = StateGraph[StageState, StageContext, StageInput, StageOutput]


def create_stage(stage: Stage, model: ChatModel, judge: Judge) -> StageGraph:
    """Build the graph of one stage: plan ⇢ N × sample → bracket ⇄ match, bracket ⇢ select."""

    def plan(state: StageState, runtime: Runtime[StageContext]) -> Command[Literal["sample"]]:
        """Send out N candidates to sample, each with its own seed."""
        num_candidates = state["num_candidates"]
        runtime.context.report(
            StageStarted(type="stage_started", stage=stage.name, num_candidates=num_candidates)
        )
        jobs = (
            SampleJob(index=index, seed=candidate_seed(state["seed"], index))
            for index in range(num_candidates)
        )
        return Command(goto=[Send("sample", job) for job in jobs])

    def sample_candidate(job: SampleJob, config: RunnableConfig) -> dict[str, Any]:
        return keep_candidate(job, sample(model, _sampling_request(stage, job), config))

    async def asample_candidate(job: SampleJob, config: RunnableConfig) -> dict[str, Any]:
        return keep_candidate(job, await asample(model, _sampling_request(stage, job), config))

    def keep_candidate(job: SampleJob, reply: AIMessage) -> dict[str, Any]:
        candidate = read_candidate(stage, reply)
        record = CandidateRecord(
            index=job["index"],
            text=candidate.text,
            tokens=candidate.tokens,
            seed=job["seed"],
            finish_reason=candidate.finish_reason,
            is_complete=candidate.is_complete,
        )
        get_runtime(StageContext).context.report(
            CandidateSampled(
                type="candidate",
                stage=stage.name,
                index=record["index"],
                tokens=record["tokens"],
                finish_reason=record["finish_reason"],
            )
        )
        return {"candidates": [record], "calls": [reply.usage_metadata]}

    def bracket(state: StageState, runtime: Runtime[StageContext]) -> Command[Literal["match", "select"]]:
        """Draw the next round and send out all its matches, or end the tournament."""
        drawn = _standing(state).next_round
        if drawn is None:
            return Command(goto="select")
        runtime.context.report(
            RoundStarted(type="round", stage=stage.name, round=drawn.number, num_matches=len(drawn.matches))
        )
        candidates = _by_index(state)
        jobs = (
            MatchJob(
                round=match.round,
                first=candidates[match.first],
                second=candidates[match.second],
                seed=state["seed"],
            )
            for match in drawn.matches
        )
        return Command(goto=[Send("match", job) for job in jobs])

    def play_match(job: MatchJob, config: RunnableConfig) -> dict[str, Any]:
        return keep_match(job, [judge.compare(pair, config) for pair in _pairs_to_judge(stage, job)])

    async def aplay_match(job: MatchJob, config: RunnableConfig) -> dict[str, Any]:
        pairs = _pairs_to_judge(stage, job)
        return keep_match(job, await asyncio.gather(*(judge.acompare(pair, config) for pair in pairs)))

    def keep_match(job: MatchJob, verdicts: Sequence[Verdict]) -> dict[str, Any]:
        record = _settle_without_judge(job) or settle_by_verdicts(_match(job), verdicts, job["seed"])
        get_runtime(StageContext).context.report(
            MatchDecided(
                type="match",
                stage=stage.name,
                round=record["round"],
                first=record["first"],
                second=record["second"],
                winner=record["winner"],
                is_read=record["is_read"],
            )
        )
        return {"matches": [record], "calls": [verdict.usage for verdict in verdicts]}

    def select(state: StageState, runtime: Runtime[StageContext]) -> dict[str, Any]:
        """Accept the champion."""
        champion = _standing(state).champion
        assert champion is not None, "the bracket leads here only once the tournament is over"
        text = _by_index(state)[champion]["text"]
        runtime.context.report(WinnerSelected(type="winner", stage=stage.name, index=champion, text=text))
        return {"winner": champion}

    # No context_schema: a server would offer it as a form, and a StageContext is no user's to fill in.
    graph: StageGraph = StateGraph(StageState, input_schema=StageInput, output_schema=StageOutput)
    graph.add_node("plan", plan, destinations={"sample": "N candidates"})
    graph.add_node(
        "sample",
        RunnableLambda(sample_candidate, asample_candidate, name="sample"),
        input_schema=SampleJob,
    )
    graph.add_node("bracket", bracket, destinations={"match": "matches of a round", "select": "one is left"})
    graph.add_node("match", RunnableLambda(play_match, aplay_match, name="match"), input_schema=MatchJob)
    graph.add_node("select", select)
    graph.add_edge(START, "plan")
    graph.add_edge("sample", "bracket")
    graph.add_edge("match", "bracket")
    graph.add_edge("select", END)
    return graph


def _sampling_request(stage: Stage, job: SampleJob) -> SamplingRequest:
    context = get_runtime(StageContext).context
    return SamplingRequest(
        stage=stage,
        prompt=context.prompt,
        index=job["index"],
        seed=job["seed"],
        temperature=context.settings.temperature,
        max_tokens=context.settings.max_tokens_per_stage,
    )


def _by_index(state: StageState) -> dict[int, CandidateRecord]:
    return {candidate["index"]: candidate for candidate in state["candidates"]}


def _standing(state: StageState) -> Standing:
    winners = {
        Match(match["round"], match["first"], match["second"]): match["winner"] for match in state["matches"]
    }
    return standing(state["num_candidates"], state["seed"], winners)


def _match(job: MatchJob) -> Match:
    return Match(job["round"], job["first"]["index"], job["second"]["index"])


def _settle_without_judge(job: MatchJob) -> MatchRecord | None:
    return settle_without_judge(_match(job), job["first"], job["second"])


def _pairs_to_judge(stage: Stage, job: MatchJob) -> list[Comparison]:
    if _settle_without_judge(job):
        return []
    context = get_runtime(StageContext).context
    both_orders = context.settings.judge_both_orders
    return comparisons(stage, context.prompt, job["first"], job["second"], both_orders=both_orders)
