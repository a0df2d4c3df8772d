"""Finding a stage in what a model wrote, and putting stages together to an answer."""

from collections.abc import Sequence

from langchain_llava_o1.staging.parts.reply import Reply
from langchain_llava_o1.staging.sentences import join_sentences
from langchain_llava_o1.staging.stages import STAGES, Stage
from langchain_llava_o1.staging.transcript import StageText, Transcript, parse_transcript


def read_body(stage: Stage, text: str) -> str:
    """Return the words of a candidate's text without any tags.

    Where the stage was never opened these are the words outside every stage or, if there are none, those of
    the first stage that the model wrote instead.
    """
    transcript = parse_transcript(text)
    found = transcript.find(stage.name)
    if found is not None:
        return found.body
    return transcript.untagged or next((other.body for other in transcript.stages if other.body), "")


def is_cut_by(stage: Stage, reply: Reply) -> bool:
    """Tell whether a reply names one of the stage's own stop strings as what ended it."""
    return reply.stop_sequence in stage.stop


def is_ended_by_stop(stage: Stage, reply: Reply) -> bool:
    """Tell whether a stop string of the stage ended the reply.

    Most servers say "stop" for a stop string and for the model's own end alike; the benefit of the doubt goes
    to the candidate. Those that name the stop string are taken at their word.
    """
    return is_cut_by(stage, reply) if reply.tells_stop else reply.is_ended


def find_closed_body(stage: Stage, text: str, reply: Reply) -> str | None:
    """Return what stands between the stage's tags, or None if it was not opened, or not closed."""
    transcript = parse_transcript(text)
    found = transcript.find(stage.name)
    if found is None:
        return None
    is_last = found is transcript.stages[-1]
    return found.body if found.is_closed or (is_last and is_ended_by_stop(stage, reply)) else None


def find_bare_conclusion(stage: Stage, transcript: Transcript, before: Sequence[Stage]) -> str | None:
    """Return the words of a visible stage without its tags, where nothing else but ``before`` was written."""
    is_bare = (
        stage.is_visible
        and transcript.find(stage.name) is None
        and all(found.stage in before for found in transcript.stages)
    )
    return transcript.untagged if is_bare else None


def append_stages(answer: str, bodies: Sequence[tuple[Stage, str]]) -> str:
    """Append stages to an answer, each in its tags; the first of them may have been begun there."""
    texts, begun = [], {}
    for found in parse_transcript(answer).stages:
        if found.is_closed:
            texts.append(found.stage.wrap(found.body))
        else:
            begun[found.stage] = found.body
    for stage, body in bodies:
        whole = join_sentences(begun.get(stage, ""), body)
        if whole or stage.is_visible:
            texts.append(stage.wrap(whole))
    return "\n\n".join(texts)


def open_stage(answer: str) -> Stage | None:
    """Return the stage of an answer that was begun and not ended, if any."""
    last = _last_stage(answer)
    return last.stage if last and not last.is_closed else None


def missing_stages(answer: str) -> tuple[Stage, ...]:
    """Return the stages that are still to be written or to be ended, in order."""
    last = _last_stage(answer)
    if last is None:
        return STAGES
    return STAGES[STAGES.index(last.stage) + last.is_closed :]


def _last_stage(answer: str) -> StageText | None:
    stages = parse_transcript(answer).stages
    return stages[-1] if stages else None
