"""Sampling one candidate from any LangChain chat model."""

from collections.abc import Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import Any, Literal, cast

from langchain_core.globals import get_llm_cache
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    message_chunk_to_message,
)
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.base import RunnableBindingBase
from langchain_core.runnables.config import merge_configs
from langgraph.constants import TAG_NOSTREAM

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.generative import ChatModel
from langchain_llava_o1.search.candidates import written_text
from langchain_llava_o1.search.sentences import SENTENCE_END, first_sentence, may_end_sentence
from langchain_llava_o1.staging import capabilities
from langchain_llava_o1.staging.prompts import instruction
from langchain_llava_o1.staging.stages import Part

Continuation = Literal["prefill", "instruct"]
"""How a model is asked to go on: by a conversation that ends in its answer so far, or by an instruction."""


def choose_continuation(model: ChatModel, continuation: Continuation | None) -> Continuation:
    """Choose how a model is asked to go on: as the caller says, or else as the model's profile does.

    Raises:
        ConfigurationError: If there is no such way.
    """
    if continuation is None:
        return "prefill" if has_feature(model, capabilities.PREFILL) else "instruct"
    if continuation not in ("prefill", "instruct"):
        raise ConfigurationError(f'continuation must be "prefill" or "instruct", got {continuation!r}.')
    return continuation


@dataclass(frozen=True)
class SamplingRequest:
    """What one candidate is sampled from.

    Attributes:
        part: What to write; the closing tags of its last stage are the stop strings.
        question: The conversation up to the question, with its images.
        accepted: The answer as far as it goes, in tags.
        continuation: How the model is asked to go on.
        index: Position among the candidates.
        seed: The candidate's own seed.
        temperature: Sampling temperature, None for the model's own.
        max_tokens: Most tokens of the candidate.
        needs_logprobs: Whether a judge wants to know how sure the model is.
    """

    part: Part
    question: Sequence[BaseMessage]
    accepted: str
    continuation: Continuation
    index: int
    seed: int
    temperature: float | None
    max_tokens: int
    needs_logprobs: bool = False

    @property
    def prompt(self) -> list[BaseMessage]:
        """What the model is sent."""
        continued = [AIMessage(self.accepted)] if self.accepted else []
        if self.continuation == "prefill":
            return [*self.question, *continued]
        asked = instruction(self.part, self.accepted)
        if continued:
            return [*self.question, *continued, HumanMessage(asked)]
        # Some models refuse two user turns in a row.
        *earlier, last = self.question
        return [*earlier, _append_text(last, asked)]

    def parameters(self, model: ChatModel) -> dict[str, Any]:
        """Return the call's parameters: LangChain's standard ones, of which the model knows all."""
        parameters: dict[str, Any] = {"max_tokens": self.max_tokens}
        if self.temperature is not None:
            parameters["temperature"] = self.temperature
        if self.continuation == "prefill" and len(self.part.stages) == 1:
            # Whole answers end by themselves, as do models that follow instructions, and some servers have
            # no stop strings.
            parameters["stop"] = list(self.part.stop)
        # Providers that have no such parameters refuse them.
        known = getattr(type(chat_model_of(model)), "model_fields", {})
        if "seed" in known:
            parameters["seed"] = self.seed
        # What a model tells of a whole answer comes with its end, for which a sentence does not wait.
        is_told = has_feature(model, capabilities.CONFIDENCE) and not self.part.is_sentence
        if "logprobs" in known and self.needs_logprobs and not is_told:
            parameters["logprobs"] = True
        if "extra_body" in known and self.continuation == "prefill" and self.accepted:
            # OpenAI's own API cannot go on with an answer; vLLM and SGLang can when they are told to.
            own = getattr(chat_model_of(model), "extra_body", None) or {}
            parameters["extra_body"] = {**own, "continue_final_message": True, "add_generation_prompt": False}
        return parameters

    def configure(self, config: RunnableConfig) -> RunnableConfig:
        """Keep the candidate's tokens out of message streams; say in traces whose they are."""
        metadata = {"stage": self.part.name, "candidate": self.index}
        return merge_configs(config, {"tags": [TAG_NOSTREAM], "metadata": metadata})


def sample(model: ChatModel, request: SamplingRequest, config: RunnableConfig) -> AIMessage:
    """Sample one candidate."""
    model, parameters = uncached(model), request.parameters(model)
    if not request.part.is_sentence:
        return model.invoke(request.prompt, request.configure(config), **parameters)
    reading = _SentenceReader(request.part)
    stream = model.stream(request.prompt, request.configure(config), **parameters)
    with closing(cast("Any", stream)) as chunks:
        for chunk in chunks:
            if reading.ends_with(chunk):
                break
    return reading.reply


async def asample(model: ChatModel, request: SamplingRequest, config: RunnableConfig) -> AIMessage:
    """Sample one candidate without blocking the event loop."""
    model, parameters = uncached(model), request.parameters(model)
    if not request.part.is_sentence:
        return await model.ainvoke(request.prompt, request.configure(config), **parameters)
    reading = _SentenceReader(request.part)
    stream = model.astream(request.prompt, request.configure(config), **parameters)
    async with aclosing(cast("Any", stream)) as chunks:
        async for chunk in chunks:
            if reading.ends_with(chunk):
                break
    return reading.reply


class _SentenceReader:
    """Reads a reply as it comes, to its first sentence's end."""

    def __init__(self, part: Part) -> None:
        self._stop = part.stop
        self._chunks: list[AIMessageChunk] = []
        self._may_have_ended = False
        self._sentence: str | None = None

    def ends_with(self, chunk: AIMessageChunk) -> bool:
        self._chunks.append(chunk)
        # Most tokens end nothing: only near a sentence's end is the reply put together and looked at.
        self._may_have_ended = self._may_have_ended or _may_end_sentence(chunk)
        if self._may_have_ended:
            self._sentence = first_sentence(written_text(self._read), self._stop)
        return self._sentence is not None

    @property
    def _read(self) -> AIMessageChunk:
        first, *others = self._chunks
        return first + others if others else first

    @property
    def reply(self) -> AIMessage:
        if not self._chunks:
            return AIMessage("")
        reply = cast("AIMessage", message_chunk_to_message(self._read))
        if self._sentence is None:
            return reply
        metadata = {**reply.response_metadata, "finish_reason": SENTENCE_END}
        return AIMessage(self._sentence, response_metadata=metadata, usage_metadata=reply.usage_metadata)


def _may_end_sentence(chunk: AIMessageChunk) -> bool:
    if not isinstance(chunk.content, str):
        return True
    return may_end_sentence(f"{chunk.content}{chunk.additional_kwargs.get('reasoning_content', '')}")


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


def has_feature(model: ChatModel, feature: str) -> bool:
    """Tell whether a chat model's profile has a feature."""
    profile = getattr(chat_model_of(model), "profile", None) or {}
    return bool(profile.get(feature))


def chat_model_of(model: ChatModel) -> object:
    """Return the chat model under parameters that are bound to it."""
    while isinstance(model, RunnableBindingBase):
        model = model.bound
    return model


def _append_text(message: BaseMessage, text: str) -> BaseMessage:
    block = {"type": "text", "text": text}
    content = message.content
    longer: Any = f"{content}\n\n{text}" if isinstance(content, str) else [*content, block]
    return message.model_copy(update={"content": longer})
