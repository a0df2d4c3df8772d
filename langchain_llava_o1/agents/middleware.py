"""A search as middleware of an agent whose model cannot see: pictures become what the search says of them."""

import asyncio
import operator
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, NamedTuple, NotRequired

from langchain_core.messages import AnyMessage, BaseMessage, HumanMessage
from langgraph.runtime import Runtime

from langchain_llava_o1.agents.asking import aask, ask, compile_search, progress_writer
from langchain_llava_o1.agents.failures import describe_failure, is_about_input
from langchain_llava_o1.chat.messages import image_blocks, read_image_block
from langchain_llava_o1.chat.model import ChatLlavaO1
from langchain_llava_o1.pictures.blocks import digest_of_block
from langchain_llava_o1.search.settings import Settings
from langchain_llava_o1.search.stage_beam import create_stage_beam

try:
    from langchain.agents.middleware import AgentMiddleware, AgentState, ModelRequest, ModelResponse
    from langchain.agents.middleware.types import PrivateStateAttr
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        'VisualReasoningMiddleware needs LangChain\'s agents: pip install "langchain-llava-o1[agent]".'
    ) from error

DESCRIBE = "Describe what the picture shows."
"""What is asked where the user's last message is a picture alone."""


class _Look(NamedTuple):
    """A picture and what is asked about it.

    Attributes:
        picture: An image block.
        question: The question.
    """

    picture: dict[str, Any]
    question: str

    @property
    def key(self) -> str:
        """What tells this picture and question from others."""
        return f"{digest_of_block(self.picture)} {self.question}"

    @property
    def search_input(self) -> dict[str, Any]:
        """The same as a search takes it."""
        return {"messages": [HumanMessage([self.picture, {"type": "text", "text": self.question}])]}


class VisualReasoningState(AgentState[Any]):
    """State of an agent with this middleware: what the search said, by picture and question."""

    visual_answers: NotRequired[Annotated[dict[str, str], PrivateStateAttr, operator.or_]]


class VisualReasoningMiddleware(AgentMiddleware[VisualReasoningState, Any, Any]):
    """Lets an agent's model that cannot see talk about pictures.

    Before the model is called, a search answers the user's last question about every picture of the
    conversation, or describes the picture where the user sent nothing else. The model is sent these answers
    in the place of the pictures; the agent's state keeps the pictures. Each picture and question is answered
    once and kept in the state. Progress goes to the agent's custom stream.

    A picture that cannot be used is told to the model in words. Any other failure of the search is raised.

    Example:
        ```python
        from langchain.agents import create_agent
        from langchain_llava_o1 import VisualReasoningMiddleware

        agent = create_agent("deepseek:deepseek-chat", middleware=[VisualReasoningMiddleware()])
        ```
    """

    state_schema = VisualReasoningState

    def __init__(self, search: Any = None, context: Settings | dict[str, Any] | None = None) -> None:
        """Choose what looks at the pictures.

        Args:
            search: The search that answers, as ``create_stage_beam`` and its like build it, or a
                ``RemoteGraph``; by default one with ``ChatLlavaO1()``.
            context: Settings of the search, limits included.

        Raises:
            ConfigurationError: If ``search`` is none.
        """
        super().__init__()
        self._search = compile_search(
            create_stage_beam(ChatLlavaO1()) if search is None else search, "visual_reasoning"
        )
        self._context = context or {}

    def before_model(self, state: VisualReasoningState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        """Ask about the pictures that the last question has not been asked about."""
        return _update(state, [self._look(look) for look in _open_looks(state)])

    async def abefore_model(
        self, state: VisualReasoningState, runtime: Runtime[Any]
    ) -> dict[str, Any] | None:
        """Ask about the pictures that the last question has not been asked about, all at once."""
        return _update(state, await asyncio.gather(*map(self._alook, _open_looks(state))))

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Send the model what the search said, in the place of the pictures."""
        return handler(_without_pictures(request))

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """Send the model what the search said, in the place of the pictures."""
        return await handler(_without_pictures(request))

    def _look(self, look: _Look) -> str:
        try:
            result = ask(self._search, look.search_input, self._context, progress_writer())
        except Exception as error:
            if not is_about_input(error):
                raise
            return describe_failure(error)
        return result.answer

    async def _alook(self, look: _Look) -> str:
        try:
            result = await aask(self._search, look.search_input, self._context, progress_writer())
        except Exception as error:
            if not is_about_input(error):
                raise
            return describe_failure(error)
        return result.answer


def _question_of(messages: Sequence[BaseMessage]) -> str:
    asked = next((message for message in reversed(messages) if isinstance(message, HumanMessage)), None)
    return (str(asked.text).strip() if asked else "") or DESCRIBE


def _open_looks(state: VisualReasoningState) -> list[_Look]:
    """Return what has not been answered yet, each once."""
    messages = state["messages"]
    question = _question_of(messages)
    answers = state.get("visual_answers", {})
    looks = {look.key: look for look in (_Look(block, question) for block in image_blocks(messages))}
    return [look for key, look in looks.items() if key not in answers]


def _update(state: VisualReasoningState, answers: Sequence[str]) -> dict[str, Any] | None:
    keys = [look.key for look in _open_looks(state)]
    return {"visual_answers": dict(zip(keys, answers, strict=True))} if keys else None


def _without_pictures(request: ModelRequest[Any]) -> ModelRequest[Any]:
    answers: dict[str, str] = request.state.get("visual_answers", {})  # type: ignore[assignment]
    # Of the state, as it was asked: other middleware may send the model other messages.
    question = _question_of(request.state["messages"])
    num_pictures = 0

    def told(block: Any) -> Any:
        nonlocal num_pictures
        picture = read_image_block(block)
        if picture is None:
            return block
        num_pictures += 1
        answer = answers.get(_Look(picture, question).key)
        return {"type": "text", "text": _describe(num_pictures, question, answer)}

    def replaced(message: AnyMessage) -> AnyMessage:
        if not isinstance(message.content, list):
            return message
        return message.model_copy(update={"content": [told(block) for block in message.content]})

    return request.override(messages=[replaced(message) for message in request.messages])


def _describe(number: int, question: str, answer: str | None) -> str:
    if answer is None:
        return f"[Picture {number}: nobody has looked at it.]\n"
    return f"[Picture {number}, as a visual model sees it. Asked: {question!r}. Answer: {answer}]\n"
