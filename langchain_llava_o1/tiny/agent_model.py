"""A chat model that drives an agent by rule, so that agents run with no key and no download."""

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolCall, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool


class ScriptedAgentModel(BaseChatModel):
    """Calls the first tool with what the user wrote last, then says what the tool answered.

    It reads nothing and decides nothing; a model that calls tools belongs in its place.
    """

    tool_name: str | None = None

    @property
    def _llm_type(self) -> str:
        return "scripted-agent"

    def bind_tools(
        self, tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool], **kwargs: Any
    ) -> Runnable[Any, AIMessage]:
        """Remember the first tool."""
        if not tools or not isinstance(tools[0], BaseTool):
            raise TypeError(f"tools are {tools!r}; the scripted model needs a BaseTool as the first one.")
        return self.model_copy(update={"tool_name": tools[0].name})

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._reply(messages))])

    def _reply(self, messages: Sequence[BaseMessage]) -> AIMessage:
        last = messages[-1]
        if isinstance(last, ToolMessage):
            return AIMessage(str(last.text))
        question = next(
            (str(message.text) for message in reversed(messages) if isinstance(message, HumanMessage)), ""
        )
        if self.tool_name is None or not question.strip():
            return AIMessage("Send a picture and write a question about it.")
        call = ToolCall(
            name=self.tool_name, args={"question": question}, id=f"call_{len(messages)}", type="tool_call"
        )
        return AIMessage("", tool_calls=[call])
