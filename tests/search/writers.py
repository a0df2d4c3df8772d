"""Scripts for models that write whole answers, sentence by sentence or on instruction."""

import re

from langchain_core.messages import AIMessage

from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.staging.transcript import parse_transcript
from tests.scripted_model import Call, Reply, number, stopped

NUM_SENTENCES = 3


def sentences(seed: int) -> list[str]:
    """The sentences of a stage; decimals and abbreviations are no ends."""
    return [f"Sentence {place} is no. {number(seed)} of 3.5, e.g. this." for place in range(NUM_SENTENCES)]


def accepted_by(call: Call) -> str:
    return next((str(m.text) for m in reversed(call.messages) if isinstance(m, AIMessage)), "")


def write_staged(call: Call) -> Reply:
    """Go on from the accepted text, up to the stop string."""
    transcript = parse_transcript(accepted_by(call))
    last = transcript.stages[-1] if transcript.stages else None
    text = ""
    for stage in STAGES[STAGES.index(last.stage) + last.is_closed if last else 0 :]:
        is_begun = last is not None and stage == last.stage
        num_written = last.body.count("e.g.") if last and is_begun else 0
        body = " ".join(sentences(call.seed)[num_written:])
        text += body if is_begun else f"{stage.opening}{body}"
        if stage.closing in (call.parameters["stop"] or ()):
            return stopped(text, stage.closing)
        text += stage.closing
    return stopped(text)


def write_as_told(call: Call) -> Reply:
    """Write the stages that the instruction shows, in their tags."""
    asked = str(call.messages[-1].text)
    if "next sentence" in asked:
        return write_told_sentence(call)
    tags = re.findall(r"^<(\w+)>…", asked, re.MULTILINE)
    stages = [stage for stage in STAGES if stage.tag in tags]
    return stopped("".join(stage.wrap(f"told {number(call.seed)}") for stage in stages))


def write_untagged(call: Call) -> Reply:
    """Write one stage without its tags, several of them with."""
    asked = str(call.messages[-1].text)
    tags = re.findall(r"^<(\w+)>…", asked, re.MULTILINE)
    return stopped(f"told {number(call.seed)}") if len(tags) == 1 else write_as_told(call)


def write_told_sentence(call: Call) -> Reply:
    """Write two sentences though one was asked for, the second one closing the stage."""
    closing = re.search(r"put (</\w+>)", str(call.messages[-1].text))
    assert closing
    is_second = "e.g." in accepted_by(call).rpartition("<")[2]
    return stopped(sentences(call.seed)[1] + (closing[1] if is_second else " And more."))
