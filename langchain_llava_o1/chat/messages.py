"""LangChain messages as the turns of an engine request.

Every image block that ``pictures/blocks.py`` knows is read, and every PDF file that
``pictures/pdf_blocks.py`` knows, each page as a picture; formats of other providers go through LangChain's
own translation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
)

from langchain_llava_o1.engine.request import Part, Role, Turn
from langchain_llava_o1.errors import ImageError, MessageError
from langchain_llava_o1.pictures.blocks import IMAGE_BLOCKS, normalize_block, source_of
from langchain_llava_o1.pictures.pdf import pages_of
from langchain_llava_o1.pictures.pdf_blocks import pdf_bytes_of
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.pictures.sources import load_picture
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.staging.transcript import parse_transcript

_CHAT_ROLES: dict[str, Role] = {
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "system": "system",
    "developer": "system",
}
_TEXT_BLOCKS = ("text", "text-plain")
_REASONING_BLOCKS = ("reasoning", "thinking", "redacted_thinking")


@dataclass(frozen=True)
class Conversation:
    """A conversation as the engine takes it.

    Attributes:
        turns: One per message, except an empty last answer, which asks for a new one.
        prefix: The text of the last turn if the model is to continue it, else empty.
    """

    turns: tuple[Turn, ...]
    prefix: str


def read_conversation(messages: Sequence[BaseMessage], policy: ImagePolicy) -> Conversation:
    """Turn messages into turns, with their pictures decoded.

    Args:
        messages: The conversation. If it ends in an ``AIMessage``, that answer is continued.
        policy: Which pictures are taken in.

    Raises:
        MessageError: A message or block is of a kind that this model does not take.
        ImageError: A picture is missing, broken, too large or from a place that is not allowed.
    """
    roles = [_role(message, f"messages[{index}]") for index, message in enumerate(messages)]
    prefix = continued_text(messages[-1]) if roles and roles[-1] == "assistant" else ""
    turns: list[Turn] = []
    for index, (role, message) in enumerate(zip(roles, messages, strict=True)):
        is_last = index == len(messages) - 1
        if is_last and role == "assistant":
            parts: tuple[Part, ...] = (prefix,) if prefix else ()
        else:
            parts = _parts(message, role, f"messages[{index}]", policy)
        if parts or not (is_last and role == "assistant"):
            turns.append(Turn(role, parts))
    if not turns:
        raise MessageError("The conversation is empty. Send at least one message with a question.")
    return Conversation(tuple(turns), prefix)


def continued_text(message: BaseMessage) -> str:
    """Return the text that an answer began with, as the model wrote it.

    An answer of this model keeps its hidden stages apart from its conclusion; to go on from it they
    are put together again. Other answers are taken as they are.
    """
    reasoning = _tagged_reasoning(message)
    text = str(message.text)
    if not reasoning or parse_transcript(text).stages:
        return text
    visible = next(stage for stage in STAGES if stage.is_visible)
    return f"{reasoning}\n\n{visible.opening}{text}"


def has_pictures(messages: Sequence[BaseMessage]) -> bool:
    """Tell whether reading these messages means more work than copying text."""
    return any(
        isinstance(block, dict) and block.get("type") not in (*_TEXT_BLOCKS, *_REASONING_BLOCKS)
        for message in messages
        if isinstance(message.content, list)
        for block in message.content
    )


def image_blocks(messages: Sequence[BaseMessage]) -> list[dict[str, Any]]:
    """Return the pictures of a conversation in order, as LangChain image blocks with ``base64`` or ``url``.

    They may have any provider's form. A block that holds no picture stays as it is, for a model to refuse.
    """
    blocks = (
        read_image_block(block)
        for message in messages
        if isinstance(message.content, list)
        for block in message.content
    )
    return [block for block in blocks if block is not None]


def read_image_block(block: str | dict[Any, Any]) -> dict[str, Any] | None:
    """Return a block as an image block with ``base64`` or ``url``, or None if it is of another kind."""
    if not isinstance(block, dict) or block.get("type") in (*_TEXT_BLOCKS, *_REASONING_BLOCKS):
        return None
    found = block if block.get("type") in IMAGE_BLOCKS else _translate(block)
    return normalize_block(found) if found and found.get("type") in IMAGE_BLOCKS else None


def _tagged_reasoning(message: BaseMessage) -> str:
    kept = message.additional_kwargs.get("reasoning_content")
    if isinstance(kept, str):
        return kept if parse_transcript(kept).stages else ""
    stages = {stage.name: stage for stage in STAGES}
    tagged: list[str] = []
    for block in message.content:
        if isinstance(block, dict) and block.get("type") == "reasoning":
            stage = stages.get((block.get("extras") or {}).get("stage", ""))
            if stage is not None:
                tagged.append(stage.wrap(str(block.get("reasoning", ""))))
    return "\n\n".join(tagged)


def _role(message: BaseMessage, where: str) -> Role:
    if isinstance(message, AIMessage):
        if message.tool_calls or message.invalid_tool_calls:
            raise MessageError(
                f"{where} holds tool calls; this model calls no tools. Leave that message out, "
                "or put what the tool found into a HumanMessage."
            )
        return "assistant"
    if isinstance(message, HumanMessage):
        return "user"
    if isinstance(message, SystemMessage):
        return "system"
    if isinstance(message, ChatMessage):
        role = _CHAT_ROLES.get(message.role.lower())
        if role is None:
            raise MessageError(
                f"{where} has the role {message.role!r}. Use one of {', '.join(sorted(_CHAT_ROLES))}."
            )
        return role
    raise MessageError(
        f"{where} is a {type(message).__name__}; this model takes system, human and AI messages. "
        "Leave it out, or put its text into a HumanMessage."
    )


def _parts(message: BaseMessage, role: Role, where: str, policy: ImagePolicy) -> tuple[Part, ...]:
    if isinstance(message.content, str):
        return (message.content,) if message.content else ()
    parts: list[Part] = []
    separator = "" if role == "assistant" else "\n"
    for index, block in enumerate(message.content):
        for part in _read_block(block, f"{where}.content[{index}]", policy):
            if isinstance(part, str) and parts and isinstance(parts[-1], str):
                parts[-1] += separator + part
            elif part:
                parts.append(part)
    return _pictures_first(parts)


def _pictures_first(parts: list[Part]) -> tuple[Part, ...]:
    """Put the pictures of "text, then pictures" before the text.

    In this architecture a text token sees the pictures before it alone (cross-attention mask of
    Mllama), and its chat data shows the picture first. An interleaved order says which text belongs
    to which picture, and stays.
    """
    texts = [part for part in parts if isinstance(part, str)]
    pictures = [part for part in parts if not isinstance(part, str)]
    is_text_first = pictures and parts == [*texts, *pictures]
    return (*pictures, *texts) if is_text_first else tuple(parts)


def _read_block(block: str | dict[Any, Any], where: str, policy: ImagePolicy) -> Sequence[Part]:
    if isinstance(block, str):
        return [block]
    kind = block.get("type")
    if kind in _TEXT_BLOCKS and isinstance(block.get("text"), str):
        return [cast(str, block["text"])]
    if kind in _REASONING_BLOCKS:
        return []
    pdf = pdf_bytes_of(block, policy, where)
    if pdf is not None:
        return _read_pages(pdf, where, policy)
    if kind in IMAGE_BLOCKS:
        return [load_picture(source_of(block, where), policy, where)]
    translated = _translate(block)
    if translated is None:
        raise MessageError(
            f"{where} is a block of type {kind!r}{_stated_mime_type(block)}; this model reads text, images "
            "and PDF files. Leave it out, or put what it says into a text block."
        )
    return _read_block(translated, where, policy)


def _read_pages(data: bytes, where: str, policy: ImagePolicy) -> Sequence[Part]:
    try:
        return pages_of(data, policy)
    except ImageError as error:
        raise ImageError(f"{where}: {error}") from error


def _stated_mime_type(block: dict[Any, Any]) -> str:
    return f" with {block['mime_type']}" if block.get("mime_type") else ""


def _translate(block: dict[Any, Any]) -> dict[Any, Any] | None:
    """Let LangChain put another provider's block into its own form, if it can."""
    (translated,) = HumanMessage(content=[block]).content_blocks
    is_readable = translated["type"] in ("text", "text-plain", "image", "file") and translated != block
    return cast(dict[Any, Any], translated) if is_readable else None
