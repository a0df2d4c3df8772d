"""Errors of a provider that every question would meet, so that no other one is to be asked."""

from langchain_core.exceptions import (
    ModelAuthenticationError,
    ModelNotFoundError,
    ModelPermissionDeniedError,
)

from langchain_llava_o1.errors import LlavaO1Error

_OF_EVERY_QUESTION = (ModelAuthenticationError, ModelPermissionDeniedError, ModelNotFoundError)
_STATUS_OF_EVERY_QUESTION = frozenset({401, 402, 403, 404})
"""Of providers whose errors have no class of LangChain's: no key, no credit, no permission, no such model."""

_NO_CREDIT = "insufficient_quota"
"""The code by which OpenAI tells that the credit is used up, an error that is else one of rate limits."""


class ModelOutOfReachError(LlavaO1Error, RuntimeError):
    """A model answers no question at all, as with a wrong key or without credit."""


def check_reach(error: Exception) -> None:
    """Pass over an error that is about one question, or about a moment.

    Args:
        error: What a call of a model raised.

    Raises:
        ModelOutOfReachError: If every other question would meet the error, too.
    """
    if (
        isinstance(error, _OF_EVERY_QUESTION)
        or getattr(error, "status_code", None) in _STATUS_OF_EVERY_QUESTION
        or getattr(error, "code", None) == _NO_CREDIT
    ):
        raise ModelOutOfReachError(
            f"The model answers no question ({describe_failure(error)}). Check its name and address, the key "
            "and the credit of the account, and start again: what was done is kept."
        ) from error


def describe_failure(error: Exception) -> str:
    """Say in one line what was raised."""
    return " ".join(f"{type(error).__name__}: {error}".split())
