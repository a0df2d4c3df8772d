"""Sampling one candidate of a stage from any LangChain chat model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.globals import get_llm_cache
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.base import RunnableBindingBase
from langchain_core.runnables.config import merge_configs
from langgraph.constants import TAG_NOSTREAM

from langchain_llava_o1.stages import Stage

ChatModel = Runnable[LanguageModelInput, AIMessage]
"""A chat model, or one with parameters bound to it."""


@dataclass(frozen=True)
class SamplingRequest:
    """What one candidate is sampled from.

    Attributes:
        stage: The stage to write; its closing tags are the stop strings.
        prompt: The question with its images, then the accepted stages as an AI message to continue.
        index: Position among the stage's candidates.
        seed: The candidate's own seed.
        temperature: Sampling temperature.
        max_tokens: Most tokens of the candidate.
    """

    stage: Stage
    prompt: Sequence[BaseMessage]
    index: int
    seed: int
    temperature: float
    max_tokens: int

    @property
    def parameters(self) -> dict[str, Any]:
        """The call's parameters, LangChain's standard ones only, so that every provider takes them."""
        return {
            "stop": list(self.stage.stop),
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "seed": self.seed,
        }

    def configure(self, config: RunnableConfig) -> RunnableConfig:
        """Keep the candidate's tokens out of message streams; say in traces whose they are."""
        metadata = {"stage": self.stage.name, "candidate": self.index}
        return merge_configs(config, {"tags": [TAG_NOSTREAM], "metadata": metadata})


def sample(model: ChatModel, request: SamplingRequest, config: RunnableConfig) -> AIMessage:
    """Sample one candidate."""
    return uncached(model).invoke(list(request.prompt), request.configure(config), **request.parameters)


async def asample(model: ChatModel, request: SamplingRequest, config: RunnableConfig) -> AIMessage:
    """Sample one candidate without blocking the event loop."""
    return await uncached(model).ainvoke(
        list(request.prompt), request.configure(config), **request.parameters
    )


def uncached(model: ChatModel) -> ChatModel:
    """Return ``model`` without LangChain's response cache, which would make all candidates alike.

    It is copied only where a cache is in use, so that a model that counts its calls goes on counting.
    """
    if isinstance(model, BaseChatModel):
        is_cached = bool(model.cache) or (model.cache is None and get_llm_cache() is not None)
        return model.model_copy(update={"cache": False}) if is_cached else model
    if isinstance(model, RunnableBindingBase):
        bound = uncached(model.bound)
        return model if bound is model.bound else model.model_copy(update={"bound": bound})
    return model
