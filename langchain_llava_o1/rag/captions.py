"""Captions of pictures by a chat model's own caption stage."""

from collections.abc import Sequence
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, HumanMessage

from langchain_llava_o1.judges.chat_model import ChatModel, has_capability
from langchain_llava_o1.search.replies import read_reply
from langchain_llava_o1.staging import capabilities
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.prompts import DESCRIPTION_REQUEST
from langchain_llava_o1.staging.stages import find_stage
from langchain_llava_o1.staging.transcript import parse_transcript

_CAPTION = find_stage("caption")


def caption_pictures(
    model: ChatModel,
    pictures: Sequence[dict[str, Any]],
    *,
    request: str = DESCRIPTION_REQUEST,
    max_tokens: int = 1024,
) -> list[str | Exception]:
    """Let a model describe pictures, all at once.

    A model that writes stages by itself writes its summary and its caption and is stopped there; any other
    is asked for the caption alone.

    Args:
        model: Any chat model that sees pictures.
        pictures: Image blocks.
        request: What the model is asked.
        max_tokens: Most tokens of an answer.

    Returns:
        For each picture its caption, empty where the model wrote none, or what went wrong.
    """
    parameters: dict[str, Any] = {"max_tokens": max_tokens}
    if has_capability(model, capabilities.PREFILL):
        parameters["stop"] = list(_CAPTION.stop)
    else:
        request = f"{request}\n\n{StagePart(_CAPTION).instruction('')}"
    prompts: list[LanguageModelInput] = [
        [HumanMessage([picture, {"type": "text", "text": request}])] for picture in pictures
    ]
    replies: list[Any] = model.batch(prompts, return_exceptions=True, **parameters)
    return [reply if isinstance(reply, Exception) else _read_caption(reply) for reply in replies]


def _read_caption(reply: AIMessage) -> str:
    """Return the caption, or where a model did not reach it what it wrote instead."""
    transcript = parse_transcript(read_reply(reply).written)
    found = transcript.find(_CAPTION.name)
    if found is not None and found.body:
        return found.body
    return "\n".join([*(stage.body for stage in transcript.stages), transcript.untagged]).strip()
