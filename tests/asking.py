"""Chat models and messages that tests of them share."""

import base64
import io
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, message_chunk_to_message
from PIL import Image

from langchain_llava_o1 import ChatLlavaO1


def chat(**parameters: Any) -> ChatLlavaO1:
    """Make a chat model whose engine a test replaces."""
    return ChatLlavaO1(model="any", **parameters)


def add_up(chunks: list[AIMessageChunk]) -> AIMessage:
    """Add the chunks of a stream up to a message."""
    message = message_chunk_to_message(chunks[0] + chunks[1:])
    assert isinstance(message, AIMessage)
    return message


def without_id(message: AIMessage) -> AIMessage:
    """Leave out what differs from call to call.

    That is the id, how much of the prompt was known already, and the last digits of log-probabilities.
    """
    usage = {
        key: value for key, value in (message.usage_metadata or {}).items() if key != "input_token_details"
    }
    metadata = dict(message.response_metadata)
    if "mean_logprob" in metadata:
        metadata["mean_logprob"] = round(metadata["mean_logprob"], 3)
    return message.model_copy(update={"id": None, "usage_metadata": usage, "response_metadata": metadata})


def picture_block(width: int, height: int) -> dict[str, Any]:
    """Make a block with a picture of noise."""
    buffer = io.BytesIO()
    Image.effect_noise((width, height), 90).save(buffer, "PNG")
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return {"type": "image", "base64": encoded, "mime_type": "image/png"}
