"""An answer as it grows, and the message that it becomes."""

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import AIMessage

from langchain_llava_o1.judges.usage import total_usage
from langchain_llava_o1.search.records import Beam, CandidateRecord, StageRecord
from langchain_llava_o1.staging.parts.part import Part
from langchain_llava_o1.staging.parts.tags import missing_stages
from langchain_llava_o1.staging.transcript import parse_transcript


def extend_beam(beam: Beam, part: Part, candidate: CandidateRecord, *, score: float | None) -> Beam:
    """Append an accepted candidate to the answer that it goes on from."""
    extension = part.extend(beam["text"], candidate["text"], is_complete=candidate["is_complete"])
    return Beam(
        text=extension.text,
        incomplete=list(dict.fromkeys([*beam["incomplete"], *extension.incomplete])),
        finish_reason=candidate["finish_reason"],
        score=score,
    )


def is_finished(beam: Beam) -> bool:
    """Tell whether an answer has all its stages."""
    return not missing_stages(beam["text"])


def compose_reply(text: str, finish_reason: str, *, seed: int) -> AIMessage:
    """Make a message of what is said in the place of an answer; no model was asked.

    Args:
        text: What is said.
        finish_reason: Why there is no answer.
        seed: Seed of the search.
    """
    metadata = _metadata(finish_reason, [], num_calls=0, seed=seed, limit=None, seconds=0.0)
    return AIMessage(text, response_metadata=metadata)


def compose_answer(
    beam: Beam, records: Mapping[str, StageRecord], *, seed: int, limit: str | None, seconds: float
) -> AIMessage:
    """Make a message of an answer: the visible stages as content, the hidden ones as reasoning.

    ``usage_metadata`` counts all of the search's calls. ``response_metadata`` has ``finish_reason`` of the
    last stage, ``incomplete_stages`` (those that no candidate filled well), ``num_calls``, ``seed``,
    ``limit``, the name of the limit that ended the search early, or None, and ``seconds``.

    Args:
        beam: The answer.
        records: All steps.
        seed: Seed of the search.
        limit: The limit that it reached.
        seconds: How long the search took.
    """
    transcript = parse_transcript(beam["text"])
    return AIMessage(
        content="\n\n".join(found.body for found in transcript.stages if found.stage.is_visible),
        additional_kwargs={"reasoning_content": transcript.reasoning},
        response_metadata=_metadata(
            beam["finish_reason"],
            beam["incomplete"],
            num_calls=sum(record["num_calls"] for record in records.values()),
            seed=seed,
            limit=limit,
            seconds=seconds,
        ),
        usage_metadata=total_usage(record["usage"] for record in records.values()),
    )


def _metadata(
    finish_reason: str,
    incomplete: list[str],
    *,
    num_calls: int,
    seed: int,
    limit: str | None,
    seconds: float,
) -> dict[str, Any]:
    return {
        "finish_reason": finish_reason,
        "incomplete_stages": incomplete,
        "num_calls": num_calls,
        "seed": seed,
        "limit": limit,
        "seconds": round(seconds, 3),
    }
