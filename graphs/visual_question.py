"""One question about one picture, and its answer alone: the graph that is made to be a tool.

Other graphs return the conversation, pictures included, and a record of every candidate. A server hands that
whole to an MCP client, and of an error only the name of its class.
"""

from functools import cache
from typing import Annotated, Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from pydantic import Field
from typing_extensions import TypedDict

from langchain_llava_o1 import ChatLlavaO1, SearchResult, StageBeamContext, create_stage_beam
from langchain_llava_o1.agents.failures import describe_failure
from langchain_llava_o1.errors import ImageError, LlavaO1Error


class Question(TypedDict):
    """A question and the picture that it is about."""

    question: Annotated[str, Field(description="The question, complete in itself.")]
    image: Annotated[
        str,
        Field(
            description="The picture: base64, a data URL, or where they are allowed an https URL or a path."
        ),
    ]


class Answer(TypedDict):
    """The answer, or what is to be changed so that there is one; the other is None."""

    answer: str | None
    error: str | None


class State(Question, Answer):
    """State of the graph."""


@cache
def create_graph() -> CompiledStateGraph[Any, Any, Any, Any]:
    """Build the graph. Weights are loaded when the first question is asked, not here."""
    search = create_stage_beam(ChatLlavaO1()).compile(name="search")

    async def answer(state: State, runtime: Runtime[StageBeamContext]) -> dict[str, str | None]:
        """Search for the answer."""
        try:
            # The server does not hold callers to the schema.
            asked = {name: state.get(name) for name in ("question", "image")}
            if not asked["image"]:
                raise ImageError("There is no `image`. Give the picture that the question is about.")
            context = (runtime.context or StageBeamContext()).model_copy(update={"unanswerable": "error"})
            result = await search.ainvoke(asked, context=context)
        except LlavaO1Error as error:
            return {"answer": None, "error": describe_failure(error)}
        return {"answer": SearchResult.from_state(result).answer, "error": None}

    graph = StateGraph(State, context_schema=StageBeamContext, input_schema=Question, output_schema=Answer)
    graph.add_node("answer", answer)
    graph.add_edge(START, "answer")
    graph.add_edge("answer", END)
    return graph.compile(name="visual_question")
