"""The question of a turn, and what is replied where it cannot be answered."""

import reprlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from langchain_llava_o1.errors import ImageError, MessageError
from langchain_llava_o1.pictures.advice import leave_out_advice
from langchain_llava_o1.pictures.base64_text import is_base64
from langchain_llava_o1.search.attachments import attachments_of, field_attachment, problems_of
from langchain_llava_o1.search.settings import QuestionSettings

FORM = ("question", "image")
"""The fields of a form, in the place of a message."""

SOURCES = "llava_o1_sources"
"""What a question's ``additional_kwargs`` have where texts were retrieved for it: how many."""

NO_IMAGE = "no_image"
"""Finish reason of a reply to a question without a picture."""

UNREADABLE = "unreadable_attachment"
"""Finish reason of a reply to a message with something that cannot be read."""

_NO_IMAGE_ERROR = (
    "There is no picture in the conversation. Send one with the question, or set needs_picture=False to ask "
    "about text alone."
)
_UNREADABLE_ADVICE = "\nPlease send another file, with your question."
_NO_IMAGE_REPLY = (
    "I answer questions about pictures, and there is none here yet. Send me one with your question."
)


def message_of_form(given: Mapping[str, Any]) -> list[BaseMessage]:
    """Return the message that a form's fields are; none if they are empty.

    Args:
        given: With ``question`` and perhaps ``image``, which is base64, a data URL, an https URL or a path.

    Raises:
        MessageError: If there is an image and no question, or one of them is no text.
    """
    question, image = (_read_text(given, name) for name in FORM)
    if image and not question:
        raise MessageError("There is an `image` and no `question`. Write what is to be answered about it.")
    if not question:
        return []
    text = {"type": "text", "text": question}
    if not image:
        return [HumanMessage([text])]
    # What kind of picture it is will be seen when it is read.
    url = f"data:;base64,{image}" if is_base64(image) else image
    return [HumanMessage([field_attachment(url, "image"), text])]


def check_question(messages: Sequence[BaseMessage]) -> None:
    """See that a conversation ends in a question.

    Raises:
        MessageError: If it does not.
    """
    if not messages or isinstance(messages[-1], AIMessage):
        last = f"an AI message ({str(messages[-1].text)[:60]!r})" if messages else "missing"
        raise MessageError(
            f"The last message is {last}; end `messages` with the user's question, or give `question`."
        )


class Obstacle(NamedTuple):
    """Why a question cannot be answered.

    Attributes:
        reason: ``NO_IMAGE`` or ``UNREADABLE``.
        text: What is to be said about it.
    """

    reason: str
    text: str


def find_obstacle(messages: Sequence[BaseMessage], settings: QuestionSettings) -> Obstacle | None:
    """Return why the question cannot be answered; None where it can.

    Args:
        messages: The conversation, which ends in the question, its attachments read.
        settings: What counts as unanswerable, and whether that is an error.

    Raises:
        ImageError: If it cannot, and the settings ask for an error.
    """
    num_answered = max((n for n, each in enumerate(messages, 1) if isinstance(each, AIMessage)), default=0)
    problems = problems_of(messages[-1:])
    is_without_picture = settings.needs_picture and not any(map(_shows_anything, messages))
    if is_without_picture and not problems:
        # The picture may have been sent in a message of its own, before the question.
        problems = problems_of(messages[num_answered:])
    if problems:
        obstacle = Obstacle(UNREADABLE, "\n".join(map(leave_out_advice, problems)) + _UNREADABLE_ADVICE)
    elif is_without_picture:
        obstacle = Obstacle(NO_IMAGE, _NO_IMAGE_REPLY)
    else:
        return None
    if settings.unanswerable == "error":
        raise ImageError("\n".join(problems) or _NO_IMAGE_ERROR)
    return obstacle


def _shows_anything(message: BaseMessage) -> bool:
    return bool(attachments_of(message)) or SOURCES in message.additional_kwargs


def _read_text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    # A server does not hold callers to the schema.
    if not isinstance(value, str | None):
        raise MessageError(
            f"`{name}` is {reprlib.repr(value)}, of type {type(value).__name__}; it must be text."
        )
    return (value or "").strip()
