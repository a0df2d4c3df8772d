"""A chat model that writes what a test tells it to, the same for the same seed."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, ModelProfile
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field, model_validator

from langchain_llava_o1.staging import capabilities
from langchain_llava_o1.staging.stages import STAGES, Stage

USAGE = UsageMetadata(input_tokens=10, output_tokens=3, total_tokens=13)


@dataclass(frozen=True)
class Call:
    """One call of the model."""

    messages: Sequence[BaseMessage]
    parameters: dict[str, Any]

    @property
    def is_judging(self) -> bool:
        return str(self.messages[-1].text).startswith("Compare two responses")

    @property
    def stage(self) -> Stage:
        """The stage whose closing tag is the stop string."""
        return next(stage for stage in STAGES if stage.closing in (self.parameters["stop"] or ()))

    @property
    def seed(self) -> int:
        return int(self.parameters["seed"])

    @property
    def compared(self) -> tuple[str, str]:
        found = re.search(r"\nResponse 1: (.*)\nResponse 2: (.*)\Z", str(self.messages[-1].text), re.DOTALL)
        assert found
        return found[1], found[2]


Reply = str | AIMessage
Script = Callable[[Call], Reply]


def stopped(text: str, stop_sequence: str | None = None, finish_reason: str = "stop") -> AIMessage:
    """Reply as a model does that names the stop string it met."""
    metadata = {"finish_reason": finish_reason, "stop_sequence": stop_sequence}
    return AIMessage(text, response_metadata=metadata, usage_metadata=USAGE)


def number(seed: int) -> int:
    return int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:4], "big")


def write_number(call: Call) -> Reply:
    """Open the stage, write a number that follows from the seed, meet the stop string."""
    return stopped(f"{call.stage.opening} note {number(call.seed)}", call.stage.closing)


def prefer_larger(call: Call) -> Reply:
    """Choose the response with the larger number."""
    first, second = (int(re.sub(r"\D", "", text) or 0) for text in call.compared)
    return stopped(f"The numbers differ. Better: {1 if first > second else 2}")


class ScriptedModel(BaseChatModel):
    """Writes candidates with ``write`` and verdicts with ``judge``, and keeps every call."""

    write: Script = write_number
    judge: Script = prefer_larger
    calls: list[Call] = Field(default_factory=list)
    delay: float = 0.0
    seed: int | None = None

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _resolve_model_profile(self) -> ModelProfile:
        profile: dict[str, Any] = {capabilities.PREFILL: True}
        return cast("ModelProfile", profile)

    @model_validator(mode="after")
    def _check_profile_keys(self) -> Self:
        return self

    @property
    def sampling_calls(self) -> list[Call]:
        return [call for call in self.calls if not call.is_judging]

    @property
    def judging_calls(self) -> list[Call]:
        return [call for call in self.calls if call.is_judging]

    def _reply(
        self, messages: list[BaseMessage], stop: list[str] | None, kwargs: dict[str, Any]
    ) -> AIMessage:
        call = Call(tuple(messages), {"stop": stop, **kwargs})
        self.calls.append(call)
        reply = self.judge(call) if call.is_judging else self.write(call)
        return AIMessage(reply) if isinstance(reply, str) else reply

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._reply(messages, stop, kwargs))])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        await asyncio.sleep(self.delay)
        return self._generate(messages, stop, **kwargs)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for chunk in _chunks(self._reply(messages, stop, kwargs)):
            if run_manager:
                run_manager.on_llm_new_token(str(chunk.text), chunk=chunk)
            yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in _chunks(self._reply(messages, stop, kwargs)):
            if run_manager:
                await run_manager.on_llm_new_token(str(chunk.text), chunk=chunk)
            yield chunk


def _chunks(reply: AIMessage) -> Iterator[ChatGenerationChunk]:
    for word in re.findall(r"\S*\s*", str(reply.text)):
        yield ChatGenerationChunk(message=AIMessageChunk(content=word))
    last = AIMessageChunk(
        content="",
        additional_kwargs=reply.additional_kwargs,
        response_metadata=reply.response_metadata,
        usage_metadata=reply.usage_metadata,
    )
    yield ChatGenerationChunk(message=last)
