"""What a ChatLlavaO1 is created with, checked, and what LangChain reads off it."""

import os
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, Self

from langchain_core.language_models import BaseChatModel, LangSmithParams, ModelProfile
from pydantic import BeforeValidator, Field, field_validator, model_validator

from langchain_llava_o1.chat.call_options import MaxTokens, StopStrings, Temperature, Timeout, TopP
from langchain_llava_o1.chat.profile import model_profile
from langchain_llava_o1.chat.response import MODEL_PROVIDER
from langchain_llava_o1.engine.settings import DEFAULT_MAX_REQUESTS, EngineSettings
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.tiny import EMBEDDED_MODEL
from langchain_llava_o1.validation import PlainRefusals

_SYNONYMS = {"model_name": "model", "stop_sequences": "stop", "request_timeout": "timeout"}
_HOSTED_PARAMETERS = frozenset({"api_key", "base_url"})
"""Part of LangChain's standard parameters, without meaning for a model on this machine."""


def _as_strings(value: Any) -> Any:
    folders = [value] if isinstance(value, str | os.PathLike) else value
    return [os.fspath(folder) for folder in folders] if isinstance(folders, list | tuple) else folders


# Kept as text: LangChain's serialization knows no paths.
Folders = Annotated[list[str], BeforeValidator(_as_strings)]


class ChatParameters(PlainRefusals, BaseChatModel):
    """The parameters of ``ChatLlavaO1``.

    Attributes:
        model: A hub id, a local folder, or ``"tiny"``, the embedded checkpoint. Default: the
            environment variable ``LLAVA_O1_MODEL``, else ``"tiny"``. Also accepted as ``model_name``.
        temperature: 0 takes the most likely token; above 0 samples.
        top_p: Sample from the smallest set of tokens whose probability reaches this.
        max_tokens: Most tokens of an answer; fewer where the context window ends first.
        stop: Strings that end an answer; they are left out of it.
        seed: Same seed, same answer. None draws fresh randomness.
        timeout: Seconds after which a call fails.
        logprobs: Whether an answer tells the log-probability of each of its tokens.
        max_retries: How often a call is repeated after the engine failed.
        streaming: Whether ``invoke`` streams internally, for callbacks that want tokens.
        device: Where to run, as ``"cuda"``; None takes the best there is.
        dtype: Precision, as ``"bfloat16"``; None takes what suits the device.
        device_map: Passed to ``from_pretrained``, to spread a model over devices.
        revision: Passed to ``from_pretrained``: a branch, tag or commit on the hub.
        quantization: Load the weights in 8 or 4 bits (extra ``quantization``).
        adapter: A folder of LoRA adapters, as PEFT saves them, that are added to the weights as these are
            loaded (extra ``train``); the files stay as they are.
        cache_bytes: Memory for text and pictures that were read before; None takes a share of what is free.
            Models that differ only in ``cache_bytes``, ``max_requests`` and ``num_threads`` share the loaded
            weights, and the largest of their ``cache_bytes`` counts.
        max_requests: Most calls under way at once of the models that share the weights and have this limit;
            more fail with ``QueueFullError``, whatever models with another limit do.
        num_threads: How many threads compute on a processor; None measures how many are worth it: one for a
            small model. Of models that share the weights, the one that loads them decides.
        allowed_image_roots: Folders from which messages may name pictures by path. Default: the environment
            variable ``LLAVA_O1_IMAGE_ROOTS``, separated as in ``PATH``, else none.
        allow_image_urls: Whether messages may name pictures by https URL. Default: whether the environment
            variable ``LLAVA_O1_IMAGE_URLS`` is ``true``.
        max_image_pixels: Most pixels of a picture.
        max_image_bytes: Most bytes of a picture's or PDF's file.
        max_pdf_pages: Most pages of a PDF file in a message; each is read as a picture (extra ``pdf``).
    """

    model: str = Field(default_factory=lambda: os.environ.get("LLAVA_O1_MODEL") or EMBEDDED_MODEL)
    temperature: Temperature = 0.0
    top_p: TopP = 1.0
    max_tokens: MaxTokens = 1024
    stop: StopStrings | None = None
    seed: int | None = None
    timeout: Timeout | None = None
    logprobs: bool = False
    max_retries: int = Field(default=2, ge=0)
    streaming: bool = False
    device: str | None = None
    dtype: str | None = None
    device_map: str | dict[str, Any] | None = None
    revision: str | None = None
    quantization: Literal["8bit", "4bit"] | None = None
    adapter: str | None = None
    cache_bytes: int | None = None
    max_requests: int = Field(default=DEFAULT_MAX_REQUESTS, ge=1)
    num_threads: int | None = None
    allowed_image_roots: Folders = Field(
        default_factory=lambda: [str(root) for root in ImagePolicy.from_environment().allowed_roots]
    )
    allow_image_urls: bool = Field(default_factory=lambda: ImagePolicy.from_environment().allow_urls)
    max_image_pixels: int = Field(default=ImagePolicy.max_pixels, ge=1)
    max_image_bytes: int = Field(default=ImagePolicy.max_bytes, ge=1)
    max_pdf_pages: int = Field(default=ImagePolicy.max_pdf_pages, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _read_parameters(cls, values: Any) -> Any:
        """Accept synonyms, take None as "not given", and refuse what would be ignored."""
        if not isinstance(values, dict):
            return values
        read: dict[str, Any] = {}
        for given, value in values.items():
            name = _SYNONYMS.get(given, given)
            if name in _HOSTED_PARAMETERS or value is None:
                continue
            if name not in cls.model_fields:
                close = get_close_matches(str(name), list(cls.model_fields), n=1)
                hint = f"Did you mean {close[0]!r}?" if close else "Leave it out."
                raise ConfigurationError(f"ChatLlavaO1 has no parameter {given!r}. {hint}")
            if name in read and read[name] != value:
                raise ConfigurationError(
                    f"{name!r} is given twice, as {read[name]!r} and {value!r}. Give it once."
                )
            read[name] = value
        return read

    @field_validator("model")
    @classmethod
    def _check_model(cls, model: str) -> str:
        if not model.strip():
            raise ConfigurationError(
                f'model is {model!r}. Name a hub id, a local folder, or "{EMBEDDED_MODEL}".'
            )
        return model

    @model_validator(mode="after")
    def _check_engine_settings(self) -> Self:
        self._engine_settings()
        return self

    @property
    def model_name(self) -> str:
        """The model's name; the same as ``model``."""
        return self.model

    @property
    def _llm_type(self) -> str:
        return MODEL_PROVIDER

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {
            name: getattr(self, name)
            for name in (
                "model",
                "revision",
                "quantization",
                "adapter",
                "temperature",
                "top_p",
                "max_tokens",
                "seed",
            )
        } | {"stop": self.stop}

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Tell LangChain that ``dumpd`` and ``load`` work."""
        return True

    @classmethod
    def get_lc_namespace(cls) -> list[str]:
        """Return the package that ``load`` finds this class in, wherever its module is."""
        return ["langchain_llava_o1"]

    def _resolve_model_profile(self) -> ModelProfile:
        return model_profile(
            self.model, max_output_tokens=self.max_tokens, allow_image_urls=self.allow_image_urls
        )

    @model_validator(mode="after")
    def _check_profile_keys(self) -> Self:
        """Take LangChain's check back: it warns of words that are not its own, such as ``features``."""
        return self

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop or self.stop, **kwargs)
        params["ls_provider"] = MODEL_PROVIDER
        return params

    def bind_tools(self, tools: Sequence[Any], *, tool_choice: str | None = None, **kwargs: Any) -> NoReturn:
        """Refuse tools: this model calls none.

        Raises:
            NotImplementedError: Always; it says what to do instead.
        """
        raise NotImplementedError(
            "ChatLlavaO1 calls no tools. To have an agent look at pictures, give a model that calls tools "
            "the search as a tool: create_agent(<that model>, tools=[VisualReasoningTool()])."
        )

    def with_structured_output(
        self, schema: dict[str, Any] | type, *, include_raw: bool = False, **kwargs: Any
    ) -> NoReturn:
        """Refuse to answer in a schema: this model answers in text.

        Raises:
            NotImplementedError: Always; it says what to do instead.
        """
        raise NotImplementedError(
            "ChatLlavaO1 answers in text and gives no structured output. Ask for a short conclusion and read "
            "it with an output parser, or hand the answer to a model that fills in a schema."
        )

    @property
    def image_policy(self) -> ImagePolicy:
        """Which pictures messages may hold or name."""
        return ImagePolicy(
            allowed_roots=tuple(map(Path, self.allowed_image_roots)),
            allow_urls=self.allow_image_urls,
            max_pixels=self.max_image_pixels,
            max_bytes=self.max_image_bytes,
            max_pdf_pages=self.max_pdf_pages,
        )

    def _engine_settings(self) -> EngineSettings:
        return EngineSettings(
            model=self.model,
            device=self.device,
            dtype=self.dtype,
            device_map=self.device_map,
            revision=self.revision,
            quantization=self.quantization,
            adapter=self.adapter,
            cache_bytes=self.cache_bytes,
            max_requests=self.max_requests,
            num_threads=self.num_threads,
        )
