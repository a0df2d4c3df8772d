"""The part of a reply that counts: its conclusion, without tags."""

import re

from langchain_llava_o1.staging.transcript import parse_transcript

_END_OF_THOUGHT = "</think>"
_TAG = re.compile(r"</?[A-Za-z][A-Za-z_-]{0,30}>")


def concluding_text(reply: str) -> str:
    """Return the conclusion of a reply, or of one without stages all of it, without any tags.

    A reply that has stages but never came to its conclusion concludes nothing: what is left is what stands
    outside the stages. Of a model that thinks aloud first, what it says afterwards counts.
    """
    transcript = parse_transcript(reply)
    text = transcript.untagged if transcript.conclusion is None else transcript.conclusion
    _, _, said = text.rpartition(_END_OF_THOUGHT)
    return _TAG.sub(" ", said).strip()
