"""A model that calls tools: what it is sent is kept, what it replies is a subclass's."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolCall
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field


class ToolCallingModel(BaseChatModel):
    """Takes any tools, and keeps what it reads."""

    read: list[list[BaseMessage]] = Field(default_factory=list)

    @abstractmethod
    def reply(self, messages: list[BaseMessage]) -> AIMessage:
        """Answer, or call a tool."""

    @property
    def _llm_type(self) -> str:
        return "tool calling"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        reply = self.reply(messages)
        self.read.append(messages)
        return ChatResult(generations=[ChatGeneration(message=reply)])


def call_of(name: str, arguments: dict[str, Any], messages: Sequence[BaseMessage]) -> AIMessage:
    """Call a tool after so many messages."""
    call = ToolCall(name=name, args=arguments, id=f"call_{len(messages)}", type="tool_call")
    return AIMessage("", tool_calls=[call])
