"""What all searches are built of: their first and last node, and the nodes that hold a step."""

import time
from dataclasses import dataclass
from typing import Any, Self

from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Overwrite

from langchain_llava_o1.judges.chat_model import ChatModel, chat_model_of, has_capability
from langchain_llava_o1.judges.confidence import ConfidenceJudge
from langchain_llava_o1.judges.function import JudgeLike, read_judge
from langchain_llava_o1.judges.generative import GenerativeJudge
from langchain_llava_o1.judges.judge import Judge
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.search.answer import compose_answer, is_finished
from langchain_llava_o1.search.events import reporter_of, wants_text
from langchain_llava_o1.search.question import read_question
from langchain_llava_o1.search.records import EMPTY_BEAM
from langchain_llava_o1.search.sampling import Continuation, choose_continuation
from langchain_llava_o1.search.seeds import draw_seed
from langchain_llava_o1.search.selection import select_by
from langchain_llava_o1.search.selection.selection import Selection
from langchain_llava_o1.search.settings import Settings, compose_settings, read_settings
from langchain_llava_o1.search.state import SearchInput, SearchOutput, SearchState
from langchain_llava_o1.search.step import create_step
from langchain_llava_o1.search.step_plan import Planner, PreparedStep, Update, prepare_step
from langchain_llava_o1.staging import capabilities


class SearchGraph(StateGraph[Any, Any, Any, Any]):
    """The graph of a search.

    Attributes:
        image_policy: Which pictures the input's ``image`` may name.
        reads_passages: Whether the model can read a passage of text.
    """

    image_policy: ImagePolicy
    reads_passages: bool


@dataclass(frozen=True)
class SearchBuilder:
    """Makes the nodes of one search.

    Attributes:
        model: Who writes.
        selection: How candidates are selected.
        continuation: How the model is asked to go on.
        image_policy: Which pictures the input's ``image`` may name: the model's own policy, where it has one,
            else the environment's.
        settings: The settings that a run may have.
    """

    model: ChatModel
    selection: Selection
    continuation: Continuation
    image_policy: ImagePolicy
    settings: type[Any]

    @classmethod
    def of(
        cls,
        model: ChatModel,
        selection: Selection | None,
        continuation: Continuation | None,
        settings: type[Settings],
    ) -> Self:
        """Fill in what the caller of a search left open.

        Args:
            model: Any LangChain chat model.
            selection: How candidates are selected; None for what suits the model's default judge.
            continuation: As the caller gave it.
            settings: What the search obeys, whatever its selection is.

        Raises:
            ConfigurationError: If there is no such continuation.
        """
        selection = selection or select_by(default_judge(model))
        return cls(
            model=model,
            selection=selection,
            continuation=choose_continuation(model, continuation),
            image_policy=getattr(chat_model_of(model), "image_policy", None)
            or ImagePolicy.from_environment(),
            settings=compose_settings(settings, selection.settings),
        )

    def begin(self, state_schema: type[Any] = SearchState, **initial: Any) -> SearchGraph:
        """Begin a graph: its first node, "ask", reads the question and fixes the settings.

        Args:
            state_schema: ``SearchState``, or one with further channels.
            **initial: What those further channels begin with at each question.
        """

        def ask(state: SearchState, runtime: Runtime[Any]) -> dict[str, Any]:
            """Read the question, fix the settings of this turn and forget what is left of the last one."""
            asked = read_question(state, self.image_policy)
            settings = read_settings(runtime.context, self.settings)
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

        graph = SearchGraph(
            state_schema,
            context_schema=self.settings,
            input_schema=SearchInput,
            output_schema=SearchOutput,
        )
        graph.image_policy = self.image_policy
        graph.reads_passages = not has_capability(self.model, capabilities.PICTURES_ONLY)
        graph.add_node("ask", ask)
        graph.add_edge(START, "ask")
        return graph

    def step(
        self, name: str, plan: Planner, update: Update = lambda state, beams: {"beams": beams}
    ) -> RunnableLambda[Any, Any]:
        """Build a node that takes a step, its compiled subgraph.

        Once a limit of the search is reached, what is missing of the best answer is written in one call, and
        nodes that come later have nothing to do.

        Args:
            name: Name of the node.
            plan: Says what step to take, given the state and the settings.
            update: Says what changes with the answers that are kept; by default the beams.
        """
        subgraph = create_step(self.model, self.selection, self.continuation).compile(name=name)

        def prepare(state: Any, config: RunnableConfig) -> PreparedStep:
            report = reporter_of(config)
            return prepare_step(state, self.settings, plan, report, wants_text=wants_text(config))

        def run(state: Any, config: RunnableConfig) -> dict[str, Any]:
            if is_finished(state["beams"][0]):
                return {}
            step = prepare(state, config)
            output = subgraph.invoke(step.input, config, context=step.context)
            return step.changes(state, output, update)

        async def arun(state: Any, config: RunnableConfig) -> dict[str, Any]:
            if is_finished(state["beams"][0]):
                return {}
            step = prepare(state, config)
            output = await subgraph.ainvoke(step.input, config, context=step.context)
            return step.changes(state, output, update)

        return RunnableLambda(run, arun, name=name)

    def single_step(self, plan: Planner) -> SearchGraph:
        """Build the whole graph of a search that takes one step: ask → draw → answer."""
        graph = self.begin()
        graph.add_node("draw", self.step("draw", plan))
        graph.add_node("answer", give_answer)
        graph.add_edge("ask", "draw")
        graph.add_edge("draw", "answer")
        graph.add_edge("answer", END)
        return graph


def default_judge(model: ChatModel) -> Judge:
    """Return the judge of a search that is given none: the best one at equal time (docs/searches.md)."""
    return ConfidenceJudge() if has_capability(model, capabilities.CONFIDENCE) else GenerativeJudge(model)


def select_by_any(judge: JudgeLike | None) -> Selection | None:
    """Return the selection of a search that takes any judge; None for the default one.

    Raises:
        ConfigurationError: If it is not a judge.
    """
    return None if judge is None else select_by(read_judge(judge))


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
