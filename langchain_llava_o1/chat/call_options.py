"""What a caller may set for one call, checked; the model's own settings are checked the same way."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.validation import PlainRefusals


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Temperature = Annotated[float, Field(ge=0, allow_inf_nan=False)]
TopP = Annotated[float, Field(gt=0, le=1)]
MaxTokens = Annotated[int, Field(ge=1)]
Timeout = Annotated[float, Field(gt=0, allow_inf_nan=False)]
StopStrings = Annotated[list[Annotated[str, Field(min_length=1)]], BeforeValidator(_as_list)]

_LANGCHAIN_OPTIONS = ("stream",)
"""Call options that LangChain itself acts on and passes along."""


class CallOptions(PlainRefusals, BaseModel):
    """The options of one call. What is None is as the model was created with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: Temperature | None = None
    top_p: TopP | None = None
    max_tokens: MaxTokens | None = None
    stop: StopStrings | None = None
    seed: int | None = None
    timeout: Timeout | None = None
    logprobs: bool | None = None


def read_call_options(stop: list[str] | None, options: Mapping[str, Any]) -> CallOptions:
    """Check the options of one call.

    Raises:
        ConfigurationError: An option is unknown or has a value that cannot work.
    """
    given = {name: value for name, value in options.items() if name not in _LANGCHAIN_OPTIONS}
    unknown = sorted(set(given) - set(CallOptions.model_fields))
    if unknown:
        raise ConfigurationError(
            f"ChatLlavaO1 takes no {', '.join(map(repr, unknown))} in a call. "
            f"A call may set {', '.join(CallOptions.model_fields)}."
        )
    return CallOptions.model_validate({**given, "stop": stop if stop is not None else given.get("stop")})
