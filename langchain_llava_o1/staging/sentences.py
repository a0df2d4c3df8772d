"""Where a sentence ends, in text that is still being written."""

from collections.abc import Sequence

SENTENCE_END = "sentence"
"""The finish reason of a reply that was stopped at the end of its first sentence."""


_ENDS = frozenset(".?!…。！？।\n")


def may_end_sentence(piece: str) -> bool:
    """Tell whether a piece of text holds what could be a sentence's end."""
    return not _ENDS.isdisjoint(piece)


def first_sentence(text: str, stop: Sequence[str] = ()) -> str | None:
    """Return the first sentence of a text once the next one has begun, else None.

    Where decimals, abbreviations and list numbers are no ends is decided by ``sentencex`` (the splitter that
    Wikimedia keeps). Spaces after the sentence are dropped, line breaks are kept.

    Args:
        text: The text as far as it was written.
        stop: Strings that end the text.
    """
    from sentencex import get_sentence_boundaries

    written = min((text.split(end, 1)[0] for end in stop), key=len, default=text)
    beginnings = [
        boundary["start_index"]
        for boundary in get_sentence_boundaries("en", written)
        if boundary["text"].strip()
    ]
    return text[: beginnings[1]].rstrip(" \t") if len(beginnings) > 1 else None


def join_sentences(text: str, sentence: str) -> str:
    """Append a sentence to a text."""
    separator = "" if not text or not sentence or text[-1].isspace() or sentence[0].isspace() else " "
    return f"{text}{separator}{sentence}"
