"""Models by their name: one of any provider, or a checkpoint on this machine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.chat_model import name_of
from langchain_llava_o1.tiny import EMBEDDED_MODEL

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

SELF = "self"
"""The model that ``ChatLlavaO1`` has by default."""

_OPENAI = "openai"


@dataclass(frozen=True)
class ModelName:
    """A chat model, chosen by name.

    Attributes:
        name: "self", "tiny", the folder of a checkpoint, or provider and model, as in ``openai:gpt-4o``.
        parameters: What it is created with, by LangChain's names, such as ``base_url``.
        requests_per_second: Most calls a second; None for any number. Held by LangChain's rate limiter.
        model: The chat model itself, where there is one already.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    requests_per_second: float | None = None
    model: "BaseChatModel | None" = None

    @classmethod
    def of(cls, model: "BaseChatModel") -> "ModelName":
        """Name a chat model that was created elsewhere."""
        return cls(name_of(model), model=model)

    @classmethod
    def hosted(cls, name: str, *, base_url: str | None, **parameters: Any) -> "ModelName":
        """Name the model of a provider or, with a server's URL alone, of one that speaks OpenAI's protocol.

        Args:
            name: Provider and model, or the model alone.
            base_url: URL of a server; None for the provider's own.
            parameters: What it is created with besides.

        Raises:
            ConfigurationError: If a server has no model named.
        """
        if not name:
            raise ConfigurationError(f"{base_url} serves models; name the one to ask, as in openai:gpt-4o.")
        return cls(name if ":" in name else f"{_OPENAI}:{name}", {"base_url": base_url, **parameters})

    @property
    def is_local(self) -> bool:
        """Whether it is a checkpoint on this machine."""
        return self.name in (SELF, EMBEDDED_MODEL) or Path(self.name).is_dir()

    @property
    def resolved(self) -> str:
        """The name, or of "self" that of the model it stands for."""
        return (os.environ.get("LLAVA_O1_MODEL") or EMBEDDED_MODEL) if self.name == SELF else self.name

    def open(self) -> "BaseChatModel":
        """Create the chat model; nothing is loaded and nobody asked.

        Raises:
            ConfigurationError: If there is no such model or provider, or its package is missing.
        """
        if self.model is not None:
            return self.model
        given = {name: value for name, value in self.parameters.items() if value is not None}
        if self.requests_per_second is not None:
            from langchain_core.rate_limiters import InMemoryRateLimiter

            per_second = self.requests_per_second
            given["rate_limiter"] = InMemoryRateLimiter(
                requests_per_second=per_second, max_bucket_size=max(1, per_second)
            )
        if self.is_local:
            from langchain_llava_o1.chat.model import ChatLlavaO1

            named = {} if self.name == SELF else {"model": self.name}
            return ChatLlavaO1.model_validate({**given, **named})
        return self._open_hosted(given)

    def _open_hosted(self, given: dict[str, Any]) -> "BaseChatModel":
        try:
            from langchain.chat_models import init_chat_model
        except ImportError as error:
            raise ConfigurationError(
                f"The model {self.name!r} needs libraries that are missing: "
                'pip install "langchain-llava-o1[agent]" langchain-openai, or its provider\'s package.'
            ) from error
        if ":" not in self.name:
            raise ConfigurationError(
                f"{self.name!r} names no model: write provider and model, as in openai:gpt-4o, the folder of "
                f'a checkpoint, "{EMBEDDED_MODEL}", or "{SELF}".'
            )
        is_own_server = self.name.startswith(f"{_OPENAI}:") and "base_url" in given
        if is_own_server and not os.environ.get("OPENAI_API_KEY"):
            # The client insists on a key; one's own server rarely asks for any.
            given["api_key"] = "none"
        try:
            return cast("BaseChatModel", init_chat_model(self.name, **given))
        # A missing key, package or provider: each provider tells it in a class of its own.
        except Exception as error:
            raise ConfigurationError(f"The model {self.name!r} cannot be created: {error}") from error
