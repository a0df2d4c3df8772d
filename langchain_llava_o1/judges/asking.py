"""Asking a chat model to judge."""

from langchain_core.exceptions import ContextOverflowError
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import RunnableConfig

from langchain_llava_o1.errors import ContextLengthError
from langchain_llava_o1.judges.chat_model import ChatModel, unstreamed

_TOO_LONG = (ContextLengthError, ContextOverflowError)


def ask(
    model: ChatModel, prompt: list[BaseMessage], config: RunnableConfig | None, *, max_tokens: int
) -> AIMessage:
    """Ask at temperature 0, out of the messages that a graph streams.

    Candidates may have gone on without an end, two of which are more than fits. Such a prompt gets a reply
    that says so, which is no verdict, and does not fail the search.
    """
    try:
        return model.invoke(prompt, unstreamed(config), temperature=0.0, max_tokens=max_tokens)
    except _TOO_LONG as error:
        return _say_too_long(error)


async def aask(
    model: ChatModel, prompt: list[BaseMessage], config: RunnableConfig | None, *, max_tokens: int
) -> AIMessage:
    """Ask as ``ask`` does, without blocking the event loop."""
    try:
        return await model.ainvoke(prompt, unstreamed(config), temperature=0.0, max_tokens=max_tokens)
    except _TOO_LONG as error:
        return _say_too_long(error)


def _say_too_long(error: Exception) -> AIMessage:
    return AIMessage(f"Nothing was judged, as the candidates are too long. {error}")
