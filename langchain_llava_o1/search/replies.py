"""LangChain's messages as replies, whatever a provider calls the things in them."""

from langchain_core.messages import AIMessage

from langchain_llava_o1.staging.parts.reply import UNKNOWN, Reply

_FINISH_REASON_KEYS = ("finish_reason", "stop_reason", "done_reason")
_FINISH_REASONS = {"max_tokens": "length", "end_turn": "stop", "stop_sequence": "stop"}


def read_reply(message: AIMessage) -> Reply:
    """Read what a chat model wrote."""
    metadata = message.response_metadata
    blocks = (block for block in message.content_blocks if block["type"] == "reasoning")
    return Reply(
        text=str(message.text).strip(),
        reasoning="\n\n".join(block.get("reasoning", "") for block in blocks).strip(),
        finish_reason=_read_finish_reason(message),
        tells_stop="stop_sequence" in metadata,
        stop_sequence=metadata.get("stop_sequence"),
    )


def _read_finish_reason(message: AIMessage) -> str:
    values = (message.response_metadata.get(key) for key in _FINISH_REASON_KEYS)
    reason = next((str(value).lower() for value in values if value), UNKNOWN)
    return _FINISH_REASONS.get(reason, reason)


def read_mean_logprob(message: AIMessage) -> float | None:
    """Read what ``ChatLlavaO1`` tells, or what OpenAI-compatible servers tell of each token."""
    mean = message.response_metadata.get("mean_logprob")
    if isinstance(mean, int | float):
        return float(mean)
    told = message.response_metadata.get("logprobs")
    tokens = told.get("content") if isinstance(told, dict) else None
    logprobs = [token["logprob"] for token in tokens or [] if isinstance(token, dict) and "logprob" in token]
    return sum(logprobs) / len(logprobs) if logprobs else None
