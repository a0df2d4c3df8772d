"""A judge that writes: a chat model gives a reason and a choice."""

from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import merge_configs
from langgraph.constants import TAG_NOSTREAM

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.judge import Comparison
from langchain_llava_o1.judges.verdict import Verdict, read_verdict
from langchain_llava_o1.prompts import comparison_prompt


@dataclass(frozen=True)
class GenerativeJudge:
    """Ask a chat model, at temperature 0, which of two candidates is better.

    The prompt begins as the answer's own does, so that an engine can share that prefix.

    Attributes:
        model: Any LangChain chat model that sees the question's images.
        max_tokens: Most tokens of a verdict.
        with_reason: Ask for a reason before the choice, or for the choice alone.
    """

    model: Runnable[LanguageModelInput, AIMessage]
    max_tokens: int = 512
    with_reason: bool = True

    def __post_init__(self) -> None:
        """Check the limit."""
        if self.max_tokens < 1:
            raise ConfigurationError(f"max_tokens of a verdict is {self.max_tokens}; give at least 1.")

    def compare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates in the order given."""
        reply = self.model.invoke(self._prompt(comparison), _unstreamed(config), **self._parameters)
        return _read(reply)

    async def acompare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates in the order given, without blocking the event loop."""
        reply = await self.model.ainvoke(self._prompt(comparison), _unstreamed(config), **self._parameters)
        return _read(reply)

    @property
    def _parameters(self) -> dict[str, Any]:
        return {"temperature": 0.0, "max_tokens": self.max_tokens}

    def _prompt(self, comparison: Comparison) -> list[BaseMessage]:
        instruction = comparison_prompt(
            comparison.stage, comparison.first, comparison.second, with_reason=self.with_reason
        )
        return [*comparison.prompt, HumanMessage(instruction)]


def _unstreamed(config: RunnableConfig | None) -> RunnableConfig:
    return merge_configs(config, {"tags": [TAG_NOSTREAM]})


def _read(reply: AIMessage) -> Verdict:
    return read_verdict(str(reply.text), reply.usage_metadata)
