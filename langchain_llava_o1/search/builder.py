"""What all searches are built of: their first and last node, and the nodes that hold a step."""

import time
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.graph import END, START
from langgraph.runtime import Runtime
from langgraph.types import Overwrite

from langchain_llava_o1.judges.chat_model import ChatModel, has_capability
from langchain_llava_o1.judges.function import JudgeLike, read_judge
from langchain_llava_o1.judges.generative import GenerativeJudge
from langchain_llava_o1.search.answer import compose_answer, compose_reply, is_finished
from langchain_llava_o1.search.attachments import AttachmentReader
from langchain_llava_o1.search.conversation_graph import ConversationGraph
from langchain_llava_o1.search.events import reporter_of, wants_text
from langchain_llava_o1.search.kept_pictures import arestore_pictures, current_store, restore_pictures
from langchain_llava_o1.search.message_stream import complete_stages, show_answer, show_text_of
from langchain_llava_o1.search.question import check_question, find_obstacle
from langchain_llava_o1.search.records import EMPTY_BEAM
from langchain_llava_o1.search.sampling import Continuation, choose_continuation
from langchain_llava_o1.search.seeds import draw_seed
from langchain_llava_o1.search.selection import select_by
from langchain_llava_o1.search.selection.selection import Selection
from langchain_llava_o1.search.settings import Settings, compose_settings, read_settings
from langchain_llava_o1.search.single_turn import last_question
from langchain_llava_o1.search.state import SearchInput, SearchOutput, SearchState
from langchain_llava_o1.search.step import create_step
from langchain_llava_o1.search.step_plan import Planner, PreparedStep, Update, prepare_step
from langchain_llava_o1.search.tool_calls import leave_out_tool_calls
from langchain_llava_o1.search.ui_messages import compose_unfinished, leave_out_unfinished, push_stages
from langchain_llava_o1.staging import capabilities


class SearchGraph(ConversationGraph):
    """The graph of a search."""


@dataclass(frozen=True)
class SearchBuilder:
    """Makes the nodes of one search.

    Attributes:
        model: Who writes.
        selection: How candidates are selected.
        continuation: How the model is asked to go on.
        attachments: Reads what comes with messages.
        settings: The settings that a run may have.
    """

    model: ChatModel
    selection: Selection
    continuation: Continuation
    attachments: AttachmentReader
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
            selection: How candidates are selected; None for a knock-out by the published judge.
            continuation: As the caller gave it.
            settings: What the search obeys, whatever its selection is.

        Raises:
            ConfigurationError: If there is no such continuation.
        """
        selection = selection or select_by(GenerativeJudge(model))
        return cls(
            model=model,
            selection=selection,
            continuation=choose_continuation(model, continuation),
            attachments=AttachmentReader.of(model),
            settings=compose_settings(settings, selection.settings),
        )

    def begin(self, first: str, state_schema: type[Any] = SearchState, **initial: Any) -> SearchGraph:
        """Begin a graph: its first node, "ask", looks at the question and fixes the settings.

        Args:
            first: Name of the node that comes next, where the question can be answered.
            state_schema: ``SearchState``, or one with further channels.
            **initial: What those further channels begin with at each question.
        """

        def ask(state: SearchState, runtime: Runtime[Any]) -> dict[str, Any]:
            """Look at the question, fix the settings of this turn and forget what is left of the last one."""
            messages = leave_out_tool_calls(state.get("messages") or [])
            check_question(messages)
            settings = read_settings(runtime.context, self.settings)
            if settings.seed is None:
                settings = settings.model_copy(update={"seed": draw_seed()})
            obstacle = find_obstacle(messages, settings)
            reply = obstacle and compose_reply(obstacle.text, obstacle.reason, seed=settings.seed)
            return {
                "settings": settings.model_dump(),
                "stages": Overwrite({}),
                "beams": [EMPTY_BEAM],
                "started": time.time(),
                "limit": None,
                "answer_id": str(uuid4()),
                "num_shown": 0,
                **initial,
                **({"messages": [reply]} if reply else {}),
            }

        def go_on(state: SearchState) -> str:
            """Go on where nothing was replied."""
            return END if isinstance(state["messages"][-1], AIMessage) else first

        graph = SearchGraph(
            state_schema,
            context_schema=self.settings,
            input_schema=SearchInput,
            output_schema=SearchOutput,
        )
        graph.attachments = self.attachments
        graph.add_node("ask", ask)
        graph.add_edge(START, "ask")
        graph.add_conditional_edges("ask", go_on, [first, END])
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
        is_single_turn = has_capability(self.model, capabilities.SINGLE_TURN)
        subgraph = create_step(self.model, self.selection, self.continuation).compile(name=name)

        def prepare(state: Any, messages: list[BaseMessage], config: RunnableConfig) -> PreparedStep:
            messages = leave_out_tool_calls(leave_out_unfinished(messages))
            question = last_question(messages) if is_single_turn else messages
            report, is_told = reporter_of(config), wants_text(config)
            if is_told and (message_id := state.get("answer_id")):
                report = show_text_of(report, message_id, config)
            return prepare_step(state, question, self.settings, plan, report, wants_text=is_told)

        def run(state: Any, config: RunnableConfig) -> dict[str, Any]:
            if is_finished(state["beams"][0]):
                return {}
            step = prepare(state, restore_pictures(state["messages"], current_store()), config)
            output = subgraph.invoke(step.input, config, context=step.context)
            return _show_settled(state, step, step.changes(state, output, update), config)

        async def arun(state: Any, config: RunnableConfig) -> dict[str, Any]:
            if is_finished(state["beams"][0]):
                return {}
            step = prepare(state, await arestore_pictures(state["messages"], current_store()), config)
            output = await subgraph.ainvoke(step.input, config, context=step.context)
            return _show_settled(state, step, step.changes(state, output, update), config)

        return RunnableLambda(run, arun, name=name)

    def single_step(self, plan: Planner) -> SearchGraph:
        """Build the whole graph of a search that takes one step: ask → draw → answer."""
        graph = self.begin("draw")
        graph.add_node("draw", self.step("draw", plan))
        graph.add_node("answer", give_answer)
        graph.add_edge("draw", "answer")
        graph.add_edge("answer", END)
        return graph


def select_by_any(judge: JudgeLike | None) -> Selection | None:
    """Return the selection of a search that takes any judge; None for the default one.

    Raises:
        ConfigurationError: If it is not a judge.
    """
    return None if judge is None else select_by(read_judge(judge))


def give_answer(state: SearchState, config: RunnableConfig) -> dict[str, Any]:
    """Append the answer to the conversation."""
    message_id = state.get("answer_id")
    pushed: dict[str, Any] = {}
    if message_id:
        # Whatever was not settled before is now.
        text, num_shown = state["beams"][0]["text"], state["num_shown"]
        if _wants_ui(state):
            pushed = {"ui": push_stages(text, message_id, config, num_shown=num_shown)}
        show_answer(text, message_id, config, num_shown=num_shown)
    message = compose_answer(
        state["beams"][0],
        state["stages"],
        seed=state["settings"]["seed"],
        limit=state["limit"],
        seconds=time.time() - state["started"],
    )
    return {"messages": [message.model_copy(update={"id": message_id})], **pushed}


def _show_settled(
    state: SearchState, step: PreparedStep, changes: dict[str, Any], config: RunnableConfig
) -> dict[str, Any]:
    """Show what is settled of the answer: where the search goes on from a single one, all of it."""
    beams, message_id = changes.get("beams", ()), state.get("answer_id")
    if len(beams) != 1 or not message_id:
        return changes
    text, num_shown = beams[0]["text"], state["num_shown"]
    pushed: dict[str, Any] = {}
    if _wants_ui(state):
        pushed["ui"] = push_stages(text, message_id, config, num_shown=num_shown)
        pushed["messages"] = compose_unfinished(text, message_id)
    if step.context.tells_text:
        num_shown = len(complete_stages(text))
    else:
        num_shown = show_answer(text, message_id, config, num_shown=num_shown)
    return {**changes, "num_shown": num_shown, **pushed}


def _wants_ui(state: SearchState) -> bool:
    return bool(state["settings"].get("ui_messages"))
