"""The last question of a conversation by itself, for a model that answers single questions."""

import re
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import BaseMessage

from langchain_llava_o1.search.attachments import attachments_of

_PICTURE = r"(?:picture|image|photo|photograph|drawing|scene|chart|diagram)"
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_BY_ORDINAL = re.compile(rf"\b({'|'.join(_ORDINALS)}|last|previous|earlier)\s+{_PICTURE}\b", re.IGNORECASE)
_BY_NUMBER = re.compile(rf"\b{_PICTURE}\s+(?:number\s+|no\.\s*|#\s*)?(\d{{1,3}})\b", re.IGNORECASE)
_SEVERAL = re.compile(
    rf"\b(both|two|all|these)\s+(?:of\s+)?(?:the\s+|these\s+)?(?:two\s+)?{_PICTURE}s\b", re.IGNORECASE
)


def last_question(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return the last question with the pictures that it is about, and the system's messages before it.

    They are those that it names ("the first picture", "image 2", "both pictures") and its own. Where there
    are none, they are those of the last message that has any.

    Args:
        messages: The conversation, with its pictures.
    """
    *earlier, question = messages
    system = [message for message in earlier if message.type == "system"]
    own = attachments_of(question)
    before = [attachments_of(message) for message in earlier if attachments_of(message)]
    if len(own) > 1 or not before:
        return [*system, question]
    named = _named_by(str(question.text), [picture for sent in before for picture in sent], own)
    pictures = named or ([] if own else before[-1])
    content = question.content
    asked = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return [*system, question.model_copy(update={"content": [*pictures, *asked]})]


def _named_by(text: str, before: list[dict[str, Any]], own: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the pictures before the question that it names, in order."""
    known = [*before, *own]
    places: set[int] = set()
    for match in _SEVERAL.finditer(text):
        places.update(range(len(known))[-2 if match[1].lower() in ("both", "two") else 0 :])
    for match in _BY_ORDINAL.finditer(text):
        word = match[1].lower()
        places.add(_ORDINALS.index(word) if word in _ORDINALS else len(known) - (1 if word == "last" else 2))
    places.update(int(match[1]) - 1 for match in _BY_NUMBER.finditer(text))
    return [before[place] for place in sorted(places) if 0 <= place < len(before)]
