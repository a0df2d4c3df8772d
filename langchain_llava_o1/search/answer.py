"""An answer as it grows, and the message that it becomes."""

from collections.abc import Mapping

from langchain_core.messages import AIMessage

from langchain_llava_o1.judges.usage import total_usage
from langchain_llava_o1.search.candidates import read_body
from langchain_llava_o1.search.records import Beam, CandidateRecord, StageRecord
from langchain_llava_o1.search.sentences import join_sentences
from langchain_llava_o1.staging.stages import STAGES, Part, Stage
from langchain_llava_o1.staging.transcript import StageText, parse_transcript


def extend_beam(beam: Beam, part: Part, candidate: CandidateRecord, *, score: float | None) -> Beam:
    """Append an accepted candidate to the answer that it goes on from.

    Stages are put into their tags, also where the model left those out.
    """
    extend = _with_sentence if part.is_sentence else _with_stages
    text, incomplete = extend(beam, part, candidate)
    return Beam(
        text=text,
        incomplete=list(dict.fromkeys([*beam["incomplete"], *incomplete])),
        finish_reason=candidate["finish_reason"],
        score=score,
    )


def open_stage(beam: Beam) -> Stage | None:
    """Return the stage that was begun and not ended, if any."""
    last = _last_stage(beam)
    return last.stage if last and not last.is_closed else None


def missing_stages(beam: Beam) -> tuple[Stage, ...]:
    """Return the stages that are still to be written or to be ended, in order."""
    last = _last_stage(beam)
    if last is None:
        return STAGES
    return STAGES[STAGES.index(last.stage) + last.is_closed :]


def is_finished(beam: Beam) -> bool:
    """Tell whether an answer has all its stages."""
    return not missing_stages(beam)


def compose_answer(
    beam: Beam, records: Mapping[str, StageRecord], *, seed: int, limit: str | None, seconds: float
) -> AIMessage:
    """Make a message of an answer: the visible stages as content, the hidden ones as reasoning.

    ``usage_metadata`` counts all of the search's calls. ``response_metadata`` has ``finish_reason`` of the
    last stage, ``incomplete_stages`` (those that no candidate filled well), ``num_calls``, ``seed``,
    ``limit``, the name of the limit that ended the search early, or None, and ``seconds``.

    Args:
        beam: The answer.
        records: All contests.
        seed: Seed of the search.
        limit: The limit that it reached.
        seconds: How long the search took.
    """
    transcript = parse_transcript(beam["text"])
    return AIMessage(
        content="\n\n".join(found.body for found in transcript.stages if found.stage.is_visible),
        additional_kwargs={"reasoning_content": transcript.reasoning},
        response_metadata={
            "finish_reason": beam["finish_reason"],
            "incomplete_stages": beam["incomplete"],
            "num_calls": sum(record["num_calls"] for record in records.values()),
            "seed": seed,
            "limit": limit,
            "seconds": round(seconds, 3),
        },
        usage_metadata=total_usage(record["usage"] for record in records.values()),
    )


def _last_stage(beam: Beam) -> StageText | None:
    stages = parse_transcript(beam["text"]).stages
    return stages[-1] if stages else None


def _with_stages(beam: Beam, part: Part, candidate: CandidateRecord) -> tuple[str, list[str]]:
    transcript = parse_transcript(candidate["text"])
    texts, begun = [], {}
    for found in parse_transcript(beam["text"]).stages:
        if found.is_closed:
            texts.append(found.stage.wrap(found.body))
        else:
            begun[found.stage] = found.body
    incomplete = []
    for stage in part.stages:
        if len(part.stages) == 1:
            body, is_complete = read_body(stage, candidate["text"]), candidate["is_complete"]
        else:
            written = transcript.find(stage.name)
            body, is_complete = (written.body, written.is_closed) if written else ("", False)
            if written is None and stage.is_visible:
                # What stands outside the stages is all that the model said to the user.
                last = transcript.stages[-1].body if transcript.stages else candidate["text"]
                body = transcript.untagged or last
        if not is_complete:
            incomplete.append(stage.name)
        body = join_sentences(begun.get(stage, ""), body)
        if body or stage.is_visible:
            texts.append(stage.wrap(body))
    return "\n\n".join(texts), incomplete


def _with_sentence(beam: Beam, part: Part, candidate: CandidateRecord) -> tuple[str, list[str]]:
    (stage,) = part.stages
    found = parse_transcript(candidate["text"], prefix=stage.opening).find(stage.name)
    body, is_closed = (found.body, found.is_closed) if found else ("", True)
    if open_stage(beam) == stage:
        text = join_sentences(beam["text"], body)
    else:
        text = "\n\n".join(filter(None, [beam["text"], f"{stage.opening}{body}"]))
    return text + (stage.closing if is_closed else ""), [] if candidate["is_complete"] else [stage.name]
