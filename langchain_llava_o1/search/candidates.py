"""Reading a model's reply as a candidate, whatever the model did with the tags."""

from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.messages import AIMessage

from langchain_llava_o1.search.sentences import SENTENCE_END
from langchain_llava_o1.staging.stages import Part, Stage
from langchain_llava_o1.staging.transcript import Transcript, parse_transcript

_FINISH_REASON_KEYS = ("finish_reason", "stop_reason", "done_reason")
_FINISH_REASONS = {"max_tokens": "length", "end_turn": "stop", "stop_sequence": "stop"}
_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Candidate:
    """A reply, cut to the part it was asked for.

    Attributes:
        text: Each stage as ``stage.wrap(body)`` where complete, else what there is. A sentence is its words,
            and its stage's closing tag where the stage ends with it.
        tokens: Tokens generated, 0 where the model does not say.
        finish_reason: Why the model stopped: "stop", "length", "sentence", or its own word, in lower case.
        is_complete: Whether every stage was opened, closed and says something. A closing that the model left
            out because it was a stop string counts. A sentence is complete if it has an end.
        mean_logprob: Mean log-probability of its tokens, None where the model does not say.
    """

    text: str
    tokens: int
    finish_reason: str
    is_complete: bool
    mean_logprob: float | None


def read_candidate(
    part: Part, reply: AIMessage, *, is_begun: bool = False, may_be_untagged: bool = False
) -> Candidate:
    """Read ``reply`` as a candidate for ``part``.

    What follows the part's end or precedes its beginning is dropped, such as a second stage or a
    repeated prefix. A model that tells reasoning and answer apart gives a visible stage without its
    tags: that counts as complete where the stage's own stop string ended it.

    Args:
        part: What the model was asked for.
        reply: What it wrote.
        is_begun: Whether it goes on with a stage that was opened before.
        may_be_untagged: Whether a whole reply without any tags counts as the stage that was asked for, as
            from a model that begins a new reply each time.
    """
    if part.is_sentence:
        text, is_complete = _read_sentence(part, reply, may_be_untagged)
    else:
        text, is_complete = _read_stages(part, reply, is_begun, may_be_untagged)
    usage = reply.usage_metadata
    return Candidate(
        text=text,
        tokens=usage["output_tokens"] if usage else 0,
        finish_reason=_read_finish_reason(reply),
        is_complete=is_complete,
        mean_logprob=_read_mean_logprob(reply),
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


def written_text(reply: AIMessage) -> str:
    """Return all that a model wrote: what it keeps apart as reasoning, then its text.

    A model may give an answer without a conclusion as text, with what it also gives as reasoning in it.
    """
    reasoning, text = _read_reasoning(reply), str(reply.text).strip()
    return text if _words(text).startswith(_words(reasoning)) else f"{reasoning}\n\n{text}".strip()


def _read_stages(part: Part, reply: AIMessage, is_begun: bool, may_be_untagged: bool) -> tuple[str, bool]:
    first = part.stages[0]
    texts = [str(reply.text).strip(), written_text(reply)]
    if is_begun:
        texts = [text if first.opening in text else first.opening + text for text in texts]
    for text in dict.fromkeys(texts):
        bodies = [_find_closed_body(stage, text, reply, part) for stage in part.stages]
        if all(bodies):
            return "\n\n".join(map(Stage.wrap, part.stages, map(str, bodies))), True
    text = texts[1]
    transcript = parse_transcript(text)
    is_whole = may_be_untagged and not transcript.stages and transcript.untagged
    if is_whole and len(part.stages) == 1 and _read_finish_reason(reply) in ("stop", _UNKNOWN):
        return first.wrap(transcript.untagged), True
    return _cut(first, text) if len(part.stages) == 1 else text, False


def _read_sentence(part: Part, reply: AIMessage, may_be_untagged: bool) -> tuple[str, bool]:
    (stage,) = part.stages
    text = written_text(reply)
    finish_reason = _read_finish_reason(reply)
    has_tag = any(tag in text for tag in stage.stop)
    has_ended = finish_reason not in (SENTENCE_END, "length")
    is_closed = has_tag or (has_ended and not may_be_untagged and _is_ended_by_stop(stage, reply))
    found = parse_transcript(text).find(stage.name)
    if found is None:
        found = parse_transcript(text, prefix=stage.opening).find(stage.name)
    body = found.body if found else ""
    is_complete = finish_reason != "length" and (bool(body) or is_closed)
    # A model that says no more has left its stage, tag or not: asked again, it would do the same.
    is_left = is_closed or (has_ended and not (may_be_untagged and body))
    return body + (stage.closing if is_left else ""), is_complete


def _find_closed_body(stage: Stage, text: str, reply: AIMessage, part: Part) -> str | None:
    """Return what stands between the stage's tags, or None if it was not opened and closed."""
    transcript = parse_transcript(text)
    found = transcript.find(stage.name)
    if found is None:
        is_bare = stage.is_visible and _holds_only(transcript, part.stages[:-1])
        # After its hidden stages, what a model says and ends by itself is the visible one.
        is_ended = bool(transcript.stages) and _read_finish_reason(reply) in ("stop", _UNKNOWN)
        is_said = _is_cut_by(stage, reply) or (len(part.stages) > 1 and is_ended)
        return transcript.untagged if is_bare and is_said else None
    is_cut_by_stop = found is transcript.stages[-1] and _is_ended_by_stop(stage, reply)
    return found.body if found.is_closed or is_cut_by_stop else None


def _holds_only(transcript: Transcript, stages: Sequence[Stage]) -> bool:
    return all(found.stage in stages for found in transcript.stages)


def _cut(stage: Stage, text: str) -> str:
    found = parse_transcript(text).find(stage.name)
    return text if found is None else f"{stage.opening}{found.body}"


def _is_ended_by_stop(stage: Stage, reply: AIMessage) -> bool:
    """Tell whether a stop string ended the reply.

    Most servers say "stop" for a stop string and for the model's own end alike; the benefit of the doubt
    goes to the candidate. Those that name the stop string are taken at their word.
    """
    if "stop_sequence" in reply.response_metadata:
        return _is_cut_by(stage, reply)
    return _read_finish_reason(reply) in ("stop", _UNKNOWN)


def _is_cut_by(stage: Stage, reply: AIMessage) -> bool:
    return reply.response_metadata.get("stop_sequence") in stage.stop


def _read_finish_reason(reply: AIMessage) -> str:
    values = (reply.response_metadata.get(key) for key in _FINISH_REASON_KEYS)
    reason = next((str(value).lower() for value in values if value), _UNKNOWN)
    return _FINISH_REASONS.get(reason, reason)


def _read_reasoning(reply: AIMessage) -> str:
    """Join the reasoning that a model keeps apart from its text."""
    blocks = (block for block in reply.content_blocks if block["type"] == "reasoning")
    return "\n\n".join(block.get("reasoning", "") for block in blocks).strip()


def _words(text: str) -> str:
    """Return a text without its tags and spaces."""
    transcript = parse_transcript(text)
    parts = [found.body for found in transcript.stages] or [transcript.untagged]
    return "".join("".join(parts).split())


def _read_mean_logprob(reply: AIMessage) -> float | None:
    """Read what ``ChatLlavaO1`` tells, or what OpenAI-compatible servers tell of each token."""
    mean = reply.response_metadata.get("mean_logprob")
    if isinstance(mean, int | float):
        return float(mean)
    told = reply.response_metadata.get("logprobs")
    tokens = told.get("content") if isinstance(told, dict) else None
    logprobs = [token["logprob"] for token in tokens or [] if isinstance(token, dict) and "logprob" in token]
    return sum(logprobs) / len(logprobs) if logprobs else None
