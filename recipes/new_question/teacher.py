"""A teacher that costs nothing: it writes the stages that its hints hold."""

import re
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from langchain_llava_o1.staging.stages import STAGES

_ANSWER = re.compile(rf"{re.escape(STAGES[0].opening)}.*?{re.escape(STAGES[-1].closing)}", re.DOTALL)


class ScriptedTeacher(BaseChatModel):
    """Stands in for a hosted model where pictures are drawn and the right stages are known."""

    @property
    def _llm_type(self) -> str:
        return "scripted-teacher"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        found = _ANSWER.search(str(messages[-1].text))
        reply = AIMessage(found[0] if found else "I was given no hint.")
        return ChatResult(generations=[ChatGeneration(message=reply)])
