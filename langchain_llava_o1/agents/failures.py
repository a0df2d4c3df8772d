"""What a language model is told of a failure: what is wrong, and what it can do in its conversation.

It cannot change the program, so advice to those who can goes to the log.
"""

import logging
from collections.abc import Mapping
from typing import NamedTuple

from langgraph.pregel.remote import RemoteException

from langchain_llava_o1 import errors
from langchain_llava_o1.errors import (
    ConfigurationError,
    ContextLengthError,
    GenerationTimeout,
    ImageError,
    LlavaO1Error,
    MessageError,
    ModelLoadError,
    QueueFullError,
)
from langchain_llava_o1.pictures.advice import restate

_logger = logging.getLogger(__name__)

_ABOUT_INPUT = (ImageError, MessageError)
_TOLD: Mapping[type[LlavaO1Error], str] = {
    ConfigurationError: "The search is set up wrongly. Tell the user that the log says what is wrong.",
    ModelLoadError: "The model that looks at pictures cannot be loaded. Tell the user that the log says why.",
    ContextLengthError: "Question and picture are too long for the model. Ask a shorter question.",
    QueueFullError: "Too many questions are being answered at the moment. Ask again later.",
    GenerationTimeout: "The answer took too long. Ask once more, or ask something simpler.",
}


class _Failure(NamedTuple):
    """An error, wherever it was raised.

    Attributes:
        kind: Its class; None where that is none of this package.
        name: Name of its class.
        message: What it says.
    """

    kind: type[LlavaO1Error] | None
    name: str
    message: str


def is_about_input(error: Exception) -> bool:
    """Tell whether a search refuses its picture or question, so that it would do so again."""
    return _is_about_input(_identify(error))


def describe_failure(error: Exception) -> str:
    """Say to a language model what went wrong.

    Args:
        error: What a search raised, here or on a server.
    """
    failure = _identify(error)
    if _is_about_input(failure):
        return restate(failure.message)
    _logger.error("The search failed.", exc_info=error)
    if failure.kind is not None and failure.kind in _TOLD:
        return _TOLD[failure.kind]
    return (
        f"The picture could not be answered about ({failure.name}: {failure.message}). "
        "Try once more, or tell the user."
    )


def _is_about_input(failure: _Failure) -> bool:
    return failure.kind is not None and issubclass(failure.kind, _ABOUT_INPUT)


def _identify(error: Exception) -> _Failure:
    name, message = type(error).__name__, str(error)
    # A server tells of an error the name of its class and its text.
    told = error.args[0] if isinstance(error, RemoteException) and error.args else None
    if isinstance(told, Mapping) and "error" in told:
        name, message = str(told["error"]), str(told.get("message", ""))
    kind = type(error) if isinstance(error, LlavaO1Error) else getattr(errors, name, None)
    is_ours = isinstance(kind, type) and issubclass(kind, LlavaO1Error)
    return _Failure(kind if is_ours else None, name, message)
