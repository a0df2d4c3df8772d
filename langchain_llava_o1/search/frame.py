"""What all searches have in common: their state, first and last node, and the nodes that hold a contest."""

import operator
import reprlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, TypeVar

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.runtime import Runtime
from langgraph.types import Overwrite
from pydantic import Field
from typing_extensions import TypedDict

from langchain_llava_o1.errors import MessageError
from langchain_llava_o1.judges.confidence import ConfidenceJudge
from langchain_llava_o1.judges.function import JudgeLike, read_judge
from langchain_llava_o1.judges.generative import ChatModel, GenerativeJudge
from langchain_llava_o1.judges.judge import Judge
from langchain_llava_o1.judges.usage import total_usage
from langchain_llava_o1.pictures.reading import ImagePolicy, read_image_reference
from langchain_llava_o1.search.answer import compose_answer, extend_beam, is_finished, missing_stages
from langchain_llava_o1.search.budget import Budget, spent_on
from langchain_llava_o1.search.contest import create_contest
from langchain_llava_o1.search.contest_state import ContestContext, ContestInput
from langchain_llava_o1.search.context import SearchContext
from langchain_llava_o1.search.events import reporter_of
from langchain_llava_o1.search.records import EMPTY_BEAM, Beam, StageRecord
from langchain_llava_o1.search.sampling import Continuation, chat_model_of, choose_continuation, has_feature
from langchain_llava_o1.search.seeds import derive_seed, draw_seed
from langchain_llava_o1.staging import capabilities
from langchain_llava_o1.staging.stages import Part, rest_part

ContextT = TypeVar("ContextT", bound=SearchContext)


class QuestionInput(TypedDict):
    """A question by itself, and its picture."""

    question: NotRequired[
        Annotated[str | None, Field(description="What to answer; asked after `messages`, if there are any.")]
    ]
    image: NotRequired[
        Annotated[
            str | None,
            Field(
                description="The picture that `question` is about: base64, a data URL, or, where they are "
                "allowed, an https URL or a path."
            ),
        ]
    ]


class SearchInput(QuestionInput):
    """What a search is given: a conversation whose last message is the question, or question and picture."""

    messages: NotRequired[Annotated[list[AnyMessage], add_messages]]


class SearchOutput(TypedDict):
    """What a search returns: the conversation with the answer, and how each stage came about.

    ``stages`` has a record for each contest, in order, by its name: a stage's, "answer" where whole answers
    were drawn, or a stage's or "sentence" with a number where there were several. ``settings`` are those of
    this run, its seed included, so that it can be repeated; a resumed run goes on with them.
    """

    messages: Annotated[list[AnyMessage], add_messages]
    stages: Annotated[dict[str, StageRecord], operator.or_]
    settings: dict[str, Any]


class SearchState(SearchOutput, QuestionInput):
    """State of a search.

    ``beams`` are the answers as far as they go, the best first; ``started`` is when the search began, in
    seconds since the epoch; ``limit`` is the name of the limit that it reached, or None.
    """

    beams: list[Beam]
    started: float
    limit: str | None


SearchGraph = StateGraph[Any, Any, Any, Any]


class QuestionGraph(SearchGraph):
    """A graph that reads a question and tells a graph around it which pictures ``image`` may name."""

    def __init__(self, image_policy: ImagePolicy, state_schema: type[Any], **schemas: Any) -> None:
        """Begin a graph that reads ``image`` under this policy; the schemas are ``StateGraph``'s."""
        super().__init__(state_schema, **schemas)
        self.image_policy = image_policy


@dataclass(frozen=True)
class Means:
    """What a search works with: who writes, how it is asked to go on, who judges, which pictures may come."""

    model: ChatModel
    judge: Judge
    continuation: Continuation
    image_policy: ImagePolicy


def read_means(model: ChatModel, judge: JudgeLike | None, continuation: Continuation | None) -> Means:
    """Fill in what the caller of a search left open.

    Which pictures the input's ``image`` may name is the model's own to say, where it has such an
    ``image_policy``, else the environment's.

    Raises:
        ConfigurationError: If the judge is none, or there is no such continuation.
    """
    if judge is None:
        # At equal time the best one on the embedded model (docs/searches.md).
        judge = ConfidenceJudge() if has_feature(model, capabilities.CONFIDENCE) else GenerativeJudge(model)
    return Means(
        model=model,
        judge=read_judge(judge),
        continuation=choose_continuation(model, continuation),
        image_policy=getattr(chat_model_of(model), "image_policy", None) or ImagePolicy.from_environment(),
    )


@dataclass(frozen=True)
class ContestPlan:
    """A contest to hold.

    Attributes:
        name: What records and events call it.
        part: What its candidates are to write.
        beams: What they go on from.
        num_candidates: How many are drawn for each beam.
        num_kept: How many are kept.
        needs_scores: Whether the judge is to score them even if all are kept.
    """

    name: str
    part: Part
    beams: list[Beam]
    num_candidates: int
    num_kept: int = 1
    needs_scores: bool = False


Planner = Callable[[Any, Any], ContestPlan]
"""Plans a contest, from the state and the settings."""

Update = Callable[[Any, list[Beam]], dict[str, Any]]
"""Turns the answers that a contest kept, the best first, into changes of the state."""


def start_search(
    means: Means, state_schema: type[Any], context_schema: type[ContextT], **initial: Any
) -> SearchGraph:
    """Begin a graph: its first node, "ask", reads the question and fixes the settings.

    Args:
        means: Of the search.
        state_schema: ``SearchState``, or one with further channels.
        context_schema: The search's settings.
        **initial: What those further channels begin with at each question.
    """

    def take_question(state: SearchState, runtime: Runtime[ContextT]) -> dict[str, Any]:
        """Read the question, fix the settings of this turn and forget what is left of the last one."""
        asked = read_question(state, means.image_policy)
        settings = _read_settings(runtime.context, context_schema)
        if settings.seed is None:
            settings = settings.model_copy(update={"seed": draw_seed()})
        return {
            "question": None,
            "image": None,
            "settings": settings.model_dump(),
            "stages": Overwrite({}),
            "beams": [EMPTY_BEAM],
            "started": time.time(),
            "limit": None,
            **initial,
            # Written only where it changes: a checkpoint holds the pictures once more for every write.
            **({"messages": asked} if asked else {}),
        }

    graph = QuestionGraph(
        means.image_policy,
        state_schema,
        context_schema=context_schema,
        input_schema=SearchInput,
        output_schema=SearchOutput,
    )
    graph.add_node("ask", take_question)
    graph.add_edge(START, "ask")
    return graph


def contest_node(
    name: str,
    means: Means,
    context_schema: type[ContextT],
    plan: Planner,
    update: Update = lambda state, beams: {"beams": beams},
) -> RunnableLambda[Any, Any]:
    """Build a node that holds a contest, its compiled subgraph.

    Once a limit of the search is reached, what is missing of the best answer is written in one call, and
    nodes that come later have nothing to do.

    Args:
        name: Name of the node.
        means: Of the search.
        context_schema: The search's settings.
        plan: Says what contest to hold, given the state and the settings.
        update: Says what changes with the answers that are kept; by default the beams.
    """
    subgraph = create_contest(means.model, means.judge, means.continuation).compile(name=name)

    def run(state: Any, config: RunnableConfig) -> dict[str, Any]:
        if is_finished(state["beams"][0]):
            return {}
        contest = _prepare(state, config, context_schema, plan)
        output = subgraph.invoke(contest.input, config, context=contest.context)
        return _changes(state, contest, output, update)

    async def arun(state: Any, config: RunnableConfig) -> dict[str, Any]:
        if is_finished(state["beams"][0]):
            return {}
        contest = _prepare(state, config, context_schema, plan)
        output = await subgraph.ainvoke(contest.input, config, context=contest.context)
        return _changes(state, contest, output, update)

    return RunnableLambda(run, arun, name=name)


def create_one_contest(means: Means, plan: Planner) -> SearchGraph:
    """Build the graph of a search that holds a single contest: ask → draw → answer."""
    graph = start_search(means, SearchState, SearchContext)
    graph.add_node("draw", contest_node("draw", means, SearchContext, plan))
    graph.add_node("answer", give_answer)
    graph.add_edge("ask", "draw")
    graph.add_edge("draw", "answer")
    graph.add_edge("answer", END)
    return graph


def give_answer(state: SearchState) -> dict[str, Any]:
    """Append the answer to the conversation."""
    message = compose_answer(
        state["beams"][0],
        state["stages"],
        seed=state["settings"]["seed"],
        limit=state["limit"],
        seconds=time.time() - state["started"],
    )
    return {"messages": [message]}


def _read_settings(context: Any, context_schema: type[ContextT]) -> ContextT:
    """Return the settings of this turn.

    A search inside another graph sees that graph's context, and takes from it what has the name of a setting.
    """
    names = context_schema.model_fields
    given = (
        context
        if isinstance(context, Mapping)
        else {n: getattr(context, n) for n in names if hasattr(context, n)}
    )
    return context_schema.model_validate({name: given[name] for name in names if name in given})


def _read_text(state: Mapping[str, Any], name: str) -> str:
    value = state.get(name)
    # A server does not hold callers to the schema.
    if not isinstance(value, str | None):
        raise MessageError(
            f"`{name}` is {reprlib.repr(value)}, of type {type(value).__name__}; it must be text."
        )
    return (value or "").strip()


def read_question(state: Mapping[str, Any], policy: ImagePolicy) -> list[AnyMessage]:
    """Return what is to be appended to the conversation, so that it ends in a question.

    Args:
        state: With ``messages``, or ``question`` and perhaps ``image``.
        policy: Which pictures ``image`` may name.

    Raises:
        ImageError: The picture is missing, broken or from a place that is not allowed.
        MessageError: If there is no question.
    """
    question, image = _read_text(state, "question"), _read_text(state, "image")
    if question:
        picture = [read_image_reference(image, policy, "image")] if image else []
        return [HumanMessage([*picture, {"type": "text", "text": question}])]
    if image:
        raise MessageError("There is an `image` and no `question`. Write what is to be answered about it.")
    messages = state.get("messages")
    if not messages or isinstance(messages[-1], AIMessage):
        last = f"an AI message ({str(messages[-1].text)[:60]!r})" if messages else "missing"
        raise MessageError(
            f"The last message is {last}; end `messages` with the user's question, or give `question`."
        )
    return []


@dataclass(frozen=True)
class _Contest:
    plan: ContestPlan
    input: ContestInput
    context: ContestContext
    limit: str | None


def _prepare(
    state: SearchState, config: RunnableConfig, context_schema: type[ContextT], plan: Planner
) -> _Contest:
    settings = context_schema.model_validate(state["settings"])
    assert settings.seed is not None, "the first node fixes the seed"
    budget = Budget(settings, state["started"])
    spent = spent_on(state["stages"].values())
    planned = plan(state, settings)
    limit = state["limit"] or budget.reached(spent, planned.part)
    if limit:
        planned = _plan_rest(state)
    return _Contest(
        planned,
        ContestInput(
            num_candidates=planned.num_candidates * len(planned.beams),
            num_kept=planned.num_kept,
            seed=derive_seed(settings.seed, planned.name),
        ),
        ContestContext(
            name=planned.name,
            part=planned.part,
            question=state["messages"],
            beams=planned.beams,
            settings=settings,
            budget=budget,
            spent=spent,
            needs_scores=planned.needs_scores,
            report=reporter_of(config),
        ),
        limit,
    )


def _plan_rest(state: SearchState) -> ContestPlan:
    """Plan to write what is missing of the best answer, once."""
    beam = state["beams"][0]
    return ContestPlan("rest", rest_part(missing_stages(beam)), [beam], 1)


def _changes(
    state: SearchState, contest: _Contest, output: Mapping[str, Any], update: Update
) -> dict[str, Any]:
    candidates = sorted(output["candidates"], key=operator.itemgetter("index"))
    kept, scores = output["kept"], output.get("scores")
    plan = contest.plan
    record = StageRecord(
        part=plan.part.name,
        candidates=candidates,
        matches=output["matches"],
        scores=scores,
        winner=kept[0],
        kept=kept,
        is_complete=candidates[kept[0]]["is_complete"],
        num_calls=len(output["calls"]),
        usage=total_usage(output["calls"]),
    )
    beams = [
        extend_beam(
            plan.beams[candidates[index]["beam"]],
            plan.part,
            candidates[index],
            score=scores[index] if scores else None,
        )
        for index in kept
    ]
    changes = {"stages": {plan.name: record}, "limit": contest.limit or output.get("limit")}
    if contest.limit:
        return {**changes, "beams": beams}
    return {**changes, **update(state, beams)}
