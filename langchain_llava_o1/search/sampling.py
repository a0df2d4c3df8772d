"""Sampling one candidate from any LangChain chat model."""

from collections.abc import Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import Any, Literal, cast

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    message_chunk_to_message,
)
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import merge_configs
from langgraph.constants import TAG_NOSTREAM

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.chat_model import ChatModel, chat_model_of, has_capability, uncached
from langchain_llava_o1.search.events import Reporter
from langchain_llava_o1.search.replies import read_reply
from langchain_llava_o1.search.written_text import TextReporter
from langchain_llava_o1.staging import capabilities
from langchain_llava_o1.staging.parts.part import Part
from langchain_llava_o1.staging.sentences import SENTENCE_END, may_end_sentence

Continuation = Literal["prefill", "instruct"]
"""How a model is asked to go on: by a conversation that ends in its answer so far, or by an instruction."""


def choose_continuation(model: ChatModel, continuation: Continuation | None) -> Continuation:
    """Choose how a model is asked to go on: as the caller says, or else as the model's profile does.

    Raises:
        ConfigurationError: If there is no such way.
    """
    if continuation is None:
        return "prefill" if has_capability(model, capabilities.PREFILL) else "instruct"
    if continuation not in ("prefill", "instruct"):
        raise ConfigurationError(f'continuation must be "prefill" or "instruct", got {continuation!r}.')
    return continuation


@dataclass(frozen=True)
class SamplingRequest:
    """What one candidate is sampled from.

    Attributes:
        part: What to write.
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
        asked = self.part.instruction(self.accepted)
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
        if self.continuation == "prefill" and self.part.stop:
            # Models that follow instructions end by themselves, and some servers have no stop strings.
            parameters["stop"] = list(self.part.stop)
        # Providers that have no such parameters refuse them.
        known = getattr(type(chat_model_of(model)), "model_fields", {})
        if "seed" in known:
            parameters["seed"] = self.seed
        # What a model tells of a whole answer comes with its end, for which a sentence does not wait.
        is_told = has_capability(model, capabilities.CONFIDENCE) and not self.part.is_read_as_written
        if "logprobs" in known and self.needs_logprobs and not is_told:
            parameters["logprobs"] = True
        if "extra_body" in known and self.continuation == "prefill" and self.accepted:
            # OpenAI's own API cannot go on with an answer; SGLang and vLLM can when they are told to.
            own = getattr(chat_model_of(model), "extra_body", None) or {}
            parameters["extra_body"] = {**own, "continue_final_message": True, "add_generation_prompt": False}
        return parameters

    def configure(self, config: RunnableConfig) -> RunnableConfig:
        """Keep the candidate's tokens out of message streams; say in traces whose they are."""
        metadata = {"stage": self.part.name, "candidate": self.index}
        return merge_configs(config, {"tags": [TAG_NOSTREAM], "metadata": metadata})


def sample(
    model: ChatModel, request: SamplingRequest, config: RunnableConfig, report: Reporter | None = None
) -> AIMessage:
    """Sample one candidate.

    Args:
        model: Who writes it.
        request: What it is sampled from.
        config: The running node's configuration.
        report: Is told the text as it is written; None where nobody is. A part that
            ends before the model does is not told.
    """
    model, parameters = uncached(model), request.parameters(model)
    reader = _Reader(request, report)
    if not reader.is_needed:
        return model.invoke(request.prompt, request.configure(config), **parameters)
    stream = model.stream(request.prompt, request.configure(config), **parameters)
    with closing(cast("Any", stream)) as chunks:
        for chunk in chunks:
            if reader.ends_with(chunk):
                break
    return reader.end()


async def asample(
    model: ChatModel, request: SamplingRequest, config: RunnableConfig, report: Reporter | None = None
) -> AIMessage:
    """Sample one candidate without blocking the event loop; the arguments are those of ``sample``."""
    model, parameters = uncached(model), request.parameters(model)
    reader = _Reader(request, report)
    if not reader.is_needed:
        return await model.ainvoke(request.prompt, request.configure(config), **parameters)
    stream = model.astream(request.prompt, request.configure(config), **parameters)
    async with aclosing(cast("Any", stream)) as chunks:
        async for chunk in chunks:
            if reader.ends_with(chunk):
                break
    return reader.end()


class _Reader:
    """Reads a reply as it is written, to the end of its part where the model would go on after it."""

    def __init__(self, request: SamplingRequest, report: Reporter | None) -> None:
        self._part = request.part
        # What is written after the part's end is no text of it.
        if self._part.is_read_as_written:
            report = None
        self._text = TextReporter(self._part, request.accepted, report) if report else None
        self._chunks: list[AIMessageChunk] = []
        self._may_have_ended = False
        self._found: str | None = None

    @property
    def is_needed(self) -> bool:
        return self._text is not None or self._part.is_read_as_written

    def ends_with(self, chunk: AIMessageChunk) -> bool:
        self._chunks.append(chunk)
        if self._text:
            self._text.take(chunk)
            return False
        # Most tokens end nothing: only near a sentence's end is the reply put together and looked at.
        self._may_have_ended = self._may_have_ended or _may_end_sentence(chunk)
        if self._may_have_ended:
            self._found = self._part.find_end(read_reply(self._read).written)
        return self._found is not None

    @property
    def _read(self) -> AIMessageChunk:
        first, *others = self._chunks
        return first + others if others else first

    def end(self) -> AIMessage:
        """Return the reply."""
        if self._text:
            self._text.finish()
        if not self._chunks:
            return AIMessage("")
        reply = cast("AIMessage", message_chunk_to_message(self._read))
        if self._found is None:
            return reply
        metadata = {**reply.response_metadata, "finish_reason": SENTENCE_END}
        return AIMessage(self._found, response_metadata=metadata, usage_metadata=reply.usage_metadata)


def _may_end_sentence(chunk: AIMessageChunk) -> bool:
    if not isinstance(chunk.content, str):
        return True
    return may_end_sentence(f"{chunk.content}{chunk.additional_kwargs.get('reasoning_content', '')}")


def _append_text(message: BaseMessage, text: str) -> BaseMessage:
    block = {"type": "text", "text": text}
    content = message.content
    longer: Any = f"{content}\n\n{text}" if isinstance(content, str) else [*content, block]
    return message.model_copy(update={"content": longer})
