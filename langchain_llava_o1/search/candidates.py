"""Reading a model's reply as a candidate for a stage, whatever the model did with the tags."""

from dataclasses import dataclass

from langchain_core.messages import AIMessage

from langchain_llava_o1.stages import Stage
from langchain_llava_o1.transcript import parse_transcript

_FINISH_REASON_KEYS = ("finish_reason", "stop_reason", "done_reason")
_FINISH_REASONS = {"max_tokens": "length", "end_turn": "stop", "stop_sequence": "stop"}
_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Candidate:
    """A reply, cut to the stage it was asked for.

    Attributes:
        text: ``stage.wrap(body)`` where complete, else what there is.
        tokens: Tokens generated, 0 where the model does not say.
        finish_reason: Why the model stopped: "stop", "length", or its own word, in lower case.
        is_complete: Whether the stage was opened, closed and says something. A closing that the model left
            out because it was a stop string counts.
    """

    text: str
    tokens: int
    finish_reason: str
    is_complete: bool


def read_candidate(stage: Stage, reply: AIMessage) -> Candidate:
    """Read ``reply`` as a candidate for ``stage``.

    What follows the stage's end or precedes its beginning is dropped, such as a second stage or a
    repeated prefix. A model that tells reasoning and answer apart gives a visible stage without its
    tags: that counts as complete where the stage's own stop string ended it.
    """
    text = str(reply.text).strip()
    body = _find_closed_body(stage, text, reply)
    if body is None and (reasoning := _read_reasoning(reply)):
        text = f"{reasoning}\n\n{text}".strip()
        body = _find_closed_body(stage, text, reply)
    usage = reply.usage_metadata
    return Candidate(
        text=stage.wrap(body) if body else _cut(stage, text),
        tokens=usage["output_tokens"] if usage else 0,
        finish_reason=_read_finish_reason(reply),
        is_complete=bool(body),
    )


def read_body(stage: Stage, text: str) -> str:
    """Return the words of a candidate's text without any tags.

    Where the stage was never opened these are the words outside every stage or, if there are none,
    those of the first stage that the model wrote instead.
    """
    transcript = parse_transcript(text)
    found = transcript.find(stage.name)
    if found is not None:
        return found.body
    return transcript.untagged or next((other.body for other in transcript.stages if other.body), "")


def _find_closed_body(stage: Stage, text: str, reply: AIMessage) -> str | None:
    """Return what stands between the stage's tags, or None if it was not opened and closed."""
    transcript = parse_transcript(text)
    found = transcript.find(stage.name)
    if found is None:
        is_bare = stage.is_visible and not transcript.stages
        return transcript.untagged if is_bare and _stop_sequence(reply) in stage.stop else None
    is_cut_by_stop = found is transcript.stages[-1] and _is_ended_by_stop(stage, reply)
    return found.body if found.is_closed or is_cut_by_stop else None


def _cut(stage: Stage, text: str) -> str:
    found = parse_transcript(text).find(stage.name)
    return text if found is None else f"{stage.opening}{found.body}"


def _is_ended_by_stop(stage: Stage, reply: AIMessage) -> bool:
    """Tell whether a stop string ended the reply.

    Most servers say "stop" for a stop string and for the model's own end alike; the benefit of the doubt
    goes to the candidate. Those that name the stop string are taken at their word.
    """
    if "stop_sequence" in reply.response_metadata:
        return _stop_sequence(reply) in stage.stop
    return _read_finish_reason(reply) in ("stop", _UNKNOWN)


def _stop_sequence(reply: AIMessage) -> str | None:
    stop_sequence = reply.response_metadata.get("stop_sequence")
    return stop_sequence if isinstance(stop_sequence, str) else None


def _read_finish_reason(reply: AIMessage) -> str:
    values = (reply.response_metadata.get(key) for key in _FINISH_REASON_KEYS)
    reason = next((str(value).lower() for value in values if value), _UNKNOWN)
    return _FINISH_REASONS.get(reason, reason)


def _read_reasoning(reply: AIMessage) -> str:
    """Join the reasoning that a model keeps apart from its text."""
    blocks = (block for block in reply.content_blocks if block["type"] == "reasoning")
    return "\n\n".join(block.get("reasoning", "") for block in blocks).strip()
