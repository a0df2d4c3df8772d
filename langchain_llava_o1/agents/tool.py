"""A search as an agent's tool: a question about a picture of the conversation, or about one that is named."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from langchain_core.messages import BaseMessage, HumanMessage, convert_to_messages
from langchain_core.tools import BaseTool, ToolException
from langgraph.errors import GraphBubbleUp
from langgraph.prebuilt import InjectedState
from pydantic import BaseModel, Field, SerializeAsAny, ValidationError, field_validator

from langchain_llava_o1.agents.asking import aask, ask, compile_search, progress_writer
from langchain_llava_o1.agents.failures import describe_failure
from langchain_llava_o1.chat.messages import image_blocks, read_image_block
from langchain_llava_o1.chat.model import ChatLlavaO1
from langchain_llava_o1.errors import ImageError, MessageError
from langchain_llava_o1.report.result import SearchResult
from langchain_llava_o1.search.attachments import problem_of
from langchain_llava_o1.search.settings import Settings
from langchain_llava_o1.search.stage_beam import create_stage_beam
from langchain_llava_o1.validation import PlainRefusals, describe_refusal

TOOL_NAME = "visual_reasoning"
TOOL_DESCRIPTION = (
    "Look at a picture and answer a question about it: what it shows, how many, where, what a chart or "
    "document says. Reasons step by step and gives the conclusion."
)


class VisualQuestion(BaseModel):
    """What an agent asks."""

    question: str = Field(
        min_length=1,
        description="The question, complete in itself: who answers it sees the picture and nothing else.",
    )
    image: str | None = Field(
        default=None,
        description="A picture by its path or URL, where the user named one. Leave out for a picture that is "
        "in the conversation.",
    )
    image_index: int | None = Field(
        default=None,
        ge=1,
        description="Which picture of the conversation, counted from 1. Leave out for the last one.",
    )
    # What a graph hands in; an agent's model neither sees nor sets it.
    messages: Annotated[Any, InjectedState("messages")] = None


class VisualReasoningTool(PlainRefusals, BaseTool):
    """Answers questions about pictures by a search, for agents.

    The content of the tool's message is the conclusion; its artifact is the record of the search
    (``SearchResult.from_record``). Progress goes to the custom stream of the graph that the tool runs in:
    ``agent.stream(…, stream_mode="custom")`` gives the events of ``search/events.py``. What fails becomes a
    tool message that says what to do; nothing is raised, except for wrong use by a program.

    Attributes:
        search: The search that answers, as ``create_stage_beam`` and its like build it, or a ``RemoteGraph``,
            one on a LangGraph server; by default one with ``ChatLlavaO1()``. An uncompiled one is compiled
            without a checkpointer, so that pictures are not saved once more for every call.
        context: Settings of the search; those of the graph around it do not count.
    """

    name: str = TOOL_NAME
    description: str = TOOL_DESCRIPTION
    args_schema: type[BaseModel] = VisualQuestion
    response_format: Literal["content", "content_and_artifact"] = "content_and_artifact"
    handle_tool_error: bool | str | Callable[[ToolException], Any] | None = True
    handle_validation_error: bool | str | Callable[[Any], str] | None = Field(
        default_factory=lambda: _describe_bad_arguments
    )
    search: Any = Field(
        default_factory=lambda: create_stage_beam(ChatLlavaO1()),
        repr=False,
        exclude=True,
        validate_default=True,
    )
    context: SerializeAsAny[Settings] | dict[str, Any] = Field(default_factory=dict)

    @field_validator("search", mode="after")
    @classmethod
    def _compile(cls, search: Any) -> Any:
        return compile_search(search, TOOL_NAME)

    def _run(
        self,
        question: str,
        image: str | None = None,
        image_index: int | None = None,
        messages: Sequence[BaseMessage] | None = None,
    ) -> tuple[str, dict[str, Any]]:
        listener = progress_writer()
        try:
            asked = _search_input(question, image, image_index, messages)
            return _answer(ask(self.search, asked, self.context, listener))
        except Exception as error:
            raise _readable(error) from error

    async def _arun(
        self,
        question: str,
        image: str | None = None,
        image_index: int | None = None,
        messages: Sequence[BaseMessage] | None = None,
    ) -> tuple[str, dict[str, Any]]:
        listener = progress_writer()
        try:
            asked = _search_input(question, image, image_index, messages)
            return _answer(await aask(self.search, asked, self.context, listener))
        except Exception as error:
            raise _readable(error) from error


def _search_input(
    question: str, image: str | None, image_index: int | None, messages: Sequence[BaseMessage] | None
) -> dict[str, Any]:
    if not question.strip():
        raise MessageError("`question` is empty. Write what is to be answered about the picture.")
    if image and image_index:
        raise ImageError(
            f"`image` is {image!r} and `image_index` is {image_index}; give one of them, or neither for the "
            "last picture of the conversation."
        )
    if image:
        return {"question": question, "image": image}
    conversation = convert_to_messages(messages or [])
    pictures = image_blocks(conversation)
    problem = None if image_index else _problem_of_last(conversation)
    if problem:
        advice = " For an earlier picture give `image_index`." if pictures else ""
        raise ImageError(f"{problem}{advice}")
    if not pictures:
        raise ImageError(
            "There is no image in the conversation. Ask the user for one, or give its path or URL as `image`."
        )
    if image_index and image_index > len(pictures):
        raise ImageError(
            f"`image_index` is {image_index}, and the last image of the conversation is {len(pictures)}. "
            "Use a number up to that, or leave it out for the last one."
        )
    picture = pictures[(image_index or 0) - 1]
    return {"messages": [HumanMessage([picture, {"type": "text", "text": question}])]}


def _problem_of_last(messages: Sequence[BaseMessage]) -> str | None:
    """Return what was wrong with the last picture of a conversation, if it was left out of it."""
    blocks = [block for message in messages if isinstance(message.content, list) for block in message.content]
    for block in reversed(blocks):
        problem = problem_of(block)
        if problem or read_image_block(block):
            return problem
    return None


def _answer(result: SearchResult) -> tuple[str, dict[str, Any]]:
    return result.answer, result.to_record()


def _readable(error: Exception) -> Exception:
    """Turn a failure into what the agent is told; what LangGraph raises to steer a run stays as it is."""
    return error if isinstance(error, GraphBubbleUp) else ToolException(describe_failure(error))


def _describe_bad_arguments(error: Any) -> str:
    """Say which arguments cannot be used, and why."""
    if not isinstance(error, ValidationError):
        return str(error)
    problems = describe_refusal(error, VisualQuestion)
    return f"The arguments cannot be used: {problems} Call the tool again with others."
