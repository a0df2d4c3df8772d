"""One step of a search: candidates are sampled, the best are selected.

Every search is made of such steps: over a stage, a sentence, or a whole answer. ``create_step`` is the
graph of one, in execution order; between sampling and the end stands the selection (``selection/``). The
graph holds no pictures: the node it runs in hands them to it as run-scoped context, which no checkpoint
holds, and does so again when a run is resumed.
"""

from dataclasses import dataclass
from typing import Any, Literal

from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime, get_runtime
from langgraph.types import Command, Send

from langchain_llava_o1.judges.chat_model import ChatModel
from langchain_llava_o1.search.agreement import shares
from langchain_llava_o1.search.events import CandidateSampled, Reporter, StageStarted, WinnerSelected
from langchain_llava_o1.search.records import CandidateRecord
from langchain_llava_o1.search.replies import read_mean_logprob, read_reply
from langchain_llava_o1.search.sampling import Continuation, SamplingRequest, asample, sample
from langchain_llava_o1.search.seeds import candidate_seed
from langchain_llava_o1.search.selection.selection import Selection
from langchain_llava_o1.search.step_state import (
    SampleJob,
    StepContext,
    StepGraph,
    StepInput,
    StepOutput,
    StepState,
)
from langchain_llava_o1.staging.parts.tags import open_stage


def create_step(model: ChatModel, selection: Selection, continuation: Continuation) -> StepGraph:
    """Build the graph of one step: plan ⇢ N × sample → the selection's own nodes ⇢ select.

    Where candidates are drawn in groups, the selection's node sends out more samples.
    """
    step = _Step(model, selection, continuation)
    # No context_schema: a server would offer it as a form, and a StepContext is no user's to fill in.
    graph: StepGraph = StateGraph(StepState, input_schema=StepInput, output_schema=StepOutput)
    graph.add_node("plan", step.plan, destinations={"sample": "N candidates"})
    graph.add_node("sample", RunnableLambda(step.sample, step.asample, name="sample"), input_schema=SampleJob)
    graph.add_node(
        selection.node,
        RunnableLambda(step.decide, step.adecide, name=selection.node),
        destinations={**selection.destinations, "sample": "another group"},
    )
    selection.add_nodes(graph)
    graph.add_node("select", step.select)
    graph.add_edge(START, "plan")
    graph.add_edge("sample", selection.node)
    graph.add_edge("select", END)
    return graph


@dataclass(frozen=True)
class _Step:
    """The nodes of a step."""

    model: ChatModel
    selection: Selection
    continuation: Continuation

    def plan(self, state: StepState, runtime: Runtime[StepContext]) -> Command[Literal["sample"]]:
        """Send out the first candidates to sample, each with its own seed."""
        context = runtime.context
        wanted, group = state["num_candidates"], context.settings.group
        allowed = context.allow(state, wanted)
        # Without any candidate there would be no answer.
        num_allowed = max(1, allowed.num_calls)
        context.report(StageStarted(type="stage_started", stage=context.name, num_candidates=num_allowed))
        num_first = min(group or wanted, num_allowed)
        # A limit that only a later group would reach may never be reached.
        limit = allowed.limit if num_first < min(group or wanted, wanted) else None
        return Command(goto=_sends(state, range(num_first)), update={"limit": limit})

    def sample(self, job: SampleJob, config: RunnableConfig) -> dict[str, Any]:
        """Sample a candidate."""
        return self._keep(job, sample(self.model, self._request(job), config, _text_reporter()))

    async def asample(self, job: SampleJob, config: RunnableConfig) -> dict[str, Any]:
        """Sample a candidate."""
        return self._keep(job, await asample(self.model, self._request(job), config, _text_reporter()))

    def decide(self, state: StepState, config: RunnableConfig) -> Command[Any]:
        """Draw another group, let the selection go on, or end the step where nothing is to be decided."""
        context = get_runtime(StepContext).context
        settled = _draw_more(state, context) or _settle(state, context)
        return settled or self.selection.decide(state, context, config)

    async def adecide(self, state: StepState, config: RunnableConfig) -> Command[Any]:
        """Draw another group, let the selection go on, or end the step where nothing is to be decided."""
        context = get_runtime(StepContext).context
        settled = _draw_more(state, context) or _settle(state, context)
        return settled or await self.selection.adecide(state, context, config)

    def select(self, state: StepState, runtime: Runtime[StepContext]) -> dict[str, Any]:
        """Accept the best."""
        kept = self.selection.keep(state)
        text = next(each["text"] for each in state["candidates"] if each["index"] == kept[0])
        context = runtime.context
        context.report(WinnerSelected(type="winner", stage=context.name, index=kept[0], text=text))
        return {"kept": kept}

    def _request(self, job: SampleJob) -> SamplingRequest:
        context = get_runtime(StepContext).context
        settings, part = context.settings, context.part
        return SamplingRequest(
            part=part,
            question=context.question,
            accepted=context.beams[context.beam_of(job["index"])]["text"],
            continuation=self.continuation,
            index=job["index"],
            seed=job["seed"],
            temperature=settings.temperature,
            max_tokens=settings.max_tokens(part),
            needs_logprobs=self.selection.needs_logprobs,
        )

    def _keep(self, job: SampleJob, message: AIMessage) -> dict[str, Any]:
        context = get_runtime(StepContext).context
        beam = context.beam_of(job["index"])
        reply = read_reply(message)
        reading = context.part.read(
            reply,
            is_begun=open_stage(context.beams[beam]["text"]) is not None,
            may_be_untagged=self.continuation == "instruct",
        )
        usage = message.usage_metadata
        record = CandidateRecord(
            index=job["index"],
            beam=beam,
            text=reading.text,
            tokens=usage["output_tokens"] if usage else 0,
            seed=job["seed"],
            finish_reason=reply.finish_reason,
            is_complete=reading.is_complete,
            mean_logprob=read_mean_logprob(message),
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
        return {"candidates": [record], "calls": [usage]}


def _text_reporter() -> Reporter | None:
    context = get_runtime(StepContext).context
    return context.report if context.tells_text else None


def _sends(state: StepState, indices: range) -> list[Send]:
    seeds = {index: candidate_seed(state["seed"], index) for index in indices}
    return [Send("sample", SampleJob(index=index, seed=seed)) for index, seed in seeds.items()]


def _draw_more(state: StepState, context: StepContext) -> Command[Any] | None:
    """Send out the next group to sample, if candidates are drawn in groups and too few agree."""
    group, num_drawn = context.settings.group, len(state["candidates"])
    num_missing = state["num_candidates"] - num_drawn
    if group is None or state["matches"] or not num_missing:
        return None
    if max(shares(context.part, state["candidates"])) >= context.settings.agreement and num_drawn > 1:
        return None
    allowed = context.allow(state, min(group, num_missing))
    if not allowed.num_calls:
        return Command(goto="select", update={"limit": allowed.limit})
    return Command(goto=_sends(state, range(num_drawn, num_drawn + allowed.num_calls)))


def _settle(state: StepState, context: StepContext) -> Command[Any] | None:
    """End the step where there is nothing to choose, or all candidates say the same and that settles it."""
    if context.needs_scores:
        return None
    is_agreed = (
        context.settings.early_stop
        and not state["matches"]
        and min(shares(context.part, state["candidates"])) == 1.0
    )
    is_clear = is_agreed or len(state["candidates"]) <= state["num_kept"]
    return Command(goto="select") if is_clear else None
