"""What a model wrote, apart from any library's message types."""

from dataclasses import dataclass

from langchain_llava_o1.staging.transcript import parse_transcript

UNKNOWN = "unknown"
"""The finish reason of a model that tells none."""


@dataclass(frozen=True)
class Reply:
    """A model's reply.

    Attributes:
        text: Its text, outer whitespace removed.
        reasoning: What the model keeps apart as reasoning, outer whitespace removed.
        finish_reason: Why the model stopped: "stop", "length", "sentence", "unknown", or its own word, in
            lower case.
        tells_stop: Whether the model names the stop string that it met.
        stop_sequence: That stop string, if it met one and tells it.
    """

    text: str
    reasoning: str = ""
    finish_reason: str = UNKNOWN
    tells_stop: bool = False
    stop_sequence: str | None = None

    @property
    def written(self) -> str:
        """All that the model wrote: its reasoning, then its text.

        A model may give an answer without a conclusion as text, with what it also gives as reasoning in it.
        """
        is_repeated = _words(self.text).startswith(_words(self.reasoning))
        return self.text if is_repeated else f"{self.reasoning}\n\n{self.text}".strip()

    @property
    def is_ended(self) -> bool:
        """Whether the model may have ended by itself or at a stop string: it was not cut off."""
        return self.finish_reason in ("stop", UNKNOWN)


def _words(text: str) -> str:
    """Return a text without its tags and spaces."""
    transcript = parse_transcript(text)
    parts = [found.body for found in transcript.stages] or [transcript.untagged]
    return "".join("".join(parts).split())
