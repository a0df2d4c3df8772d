"""A command line whose models are scripted, and pictures to ask about."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Self, cast

import pytest
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, ModelProfile
from langchain_core.messages import AIMessageChunk, BaseMessage, message_chunk_to_message
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field, model_validator
from typer.testing import CliRunner, Result

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.answering import AnswerSettings
from langchain_llava_o1.cli.app import app
from langchain_llava_o1.staging import capabilities
from tests.scripted_model import ScriptedModel

WHOLE_ANSWER = (
    AIMessageChunk(content="", additional_kwargs={"reasoning_content": "<SUMMARY>count the"}),
    AIMessageChunk(content="", additional_kwargs={"reasoning_content": " shapes</SUMMARY>"}),
    AIMessageChunk(content="", additional_kwargs={"reasoning_content": "\n\n<CAPTION>two circles</CAPTION>"}),
    AIMessageChunk(
        content="", additional_kwargs={"reasoning_content": "\n\n<REASONING>1 + 1 = 2</REASONING>"}
    ),
    AIMessageChunk(content="There are "),
    AIMessageChunk(content="2."),
    AIMessageChunk(
        content="",
        response_metadata={"finish_reason": "stop", "stop_sequence": None},
        usage_metadata={"input_tokens": 10, "output_tokens": 9, "total_tokens": 19},
    ),
)


class StreamingModel(BaseChatModel):
    """Streams given chunks as ChatLlavaO1 does: the hidden stages as reasoning, then the conclusion."""

    model: str = "scripted"
    chunks: tuple[AIMessageChunk, ...] = WHOLE_ANSWER
    seed: int | None = None
    calls: list[dict[str, Any]] = Field(default_factory=list)

    def _resolve_model_profile(self) -> ModelProfile:
        profile: dict[str, Any] = {capabilities.PREFILL: True}
        return cast("ModelProfile", profile)

    @model_validator(mode="after")
    def _check_profile_keys(self) -> Self:
        return self

    @property
    def _llm_type(self) -> str:
        return "streaming"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise NotImplementedError("the command line is asynchronous")

    async def _agenerate(self, messages: list[BaseMessage], *further: Any, **kwargs: Any) -> ChatResult:
        self.calls.append({"messages": messages, **kwargs})
        first, *others = self.chunks
        message = message_chunk_to_message(first + others)
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        self.calls.append({"messages": messages, **kwargs})
        for chunk in self.chunks:
            yield ChatGenerationChunk(message=chunk)


@pytest.fixture(autouse=True)
def no_model_in_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLAVA_O1_MODEL", raising=False)


@pytest.fixture
def asked_settings() -> list[AnswerSettings]:
    """The settings that models were asked for with."""
    return []


@pytest.fixture
def use_model(
    monkeypatch: pytest.MonkeyPatch, asked_settings: list[AnswerSettings]
) -> Callable[[BaseChatModel], None]:
    """Put a scripted model in the place of the one the options name."""

    def use(model: BaseChatModel) -> None:
        def create(settings: AnswerSettings) -> BaseChatModel:
            asked_settings.append(settings)
            return model

        monkeypatch.setattr(answering, "create_model", create)

    return use


@pytest.fixture
def search_model(use_model: Callable[[BaseChatModel], None]) -> ScriptedModel:
    model = ScriptedModel()
    use_model(model)
    return model


@pytest.fixture
def streaming_model(use_model: Callable[[BaseChatModel], None]) -> StreamingModel:
    model = StreamingModel()
    use_model(model)
    return model


@pytest.fixture
def run_command() -> Callable[..., Result]:
    def run(*arguments: str | Path, **options: Any) -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], **options)
        # Whatever is raised is told by the command line; a bare exception would be a traceback.
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run
