"""Staged text and its stages: a parser that tolerates what models write.

Two spellings are read, ``<SUMMARY>…</SUMMARY>`` and
``(Here begins the SUMMARY stage) … (Here ends the SUMMARY stage)``. A stage ends at its own closing
or, where a model forgot that, where another stage opens. Any other tag is dropped. Case matters:
``<summary>`` is HTML that an answer may well contain.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from langchain_llava_o1.staging.stages import STAGES, Stage


class _Tag(NamedTuple):
    stage: Stage
    is_opening: bool


_TAGS: dict[str, _Tag] = {
    **{stage.opening: _Tag(stage, True) for stage in STAGES},
    **{stage.spelled_opening: _Tag(stage, True) for stage in STAGES},
    **{spelling: _Tag(stage, False) for stage in STAGES for spelling in stage.stop},
}
_TAG_PATTERN = re.compile("|".join(re.escape(tag) for tag in _TAGS))
_LONGEST_TAG = max(map(len, _TAGS))


@dataclass(frozen=True)
class StageText:
    """One stage found in a text.

    Attributes:
        stage: Which stage it is.
        body: What stands between the tags, outer whitespace removed.
        is_opened: Whether this text opens it; False where it goes on from a prefix.
        is_closed: Whether its own closing tag was found.
    """

    stage: Stage
    body: str
    is_opened: bool
    is_closed: bool


@dataclass(frozen=True)
class Transcript:
    """A model's text, taken apart.

    Attributes:
        stages: The stages in the order they were written; one may occur twice.
        untagged: What stands outside every stage, outer whitespace removed.
    """

    stages: tuple[StageText, ...]
    untagged: str

    @property
    def conclusion(self) -> str | None:
        """Body of the first stage shown to the user, or None if none was opened."""
        return next((found.body for found in self.stages if found.stage.is_visible), None)

    @property
    def reasoning(self) -> str:
        """The hidden stages, tagged in the first spelling, a blank line between them."""
        hidden = (found for found in self.stages if not found.stage.is_visible)
        return "\n\n".join(found.stage.wrap(found.body) for found in hidden)

    def find(self, name: str) -> StageText | None:
        """Return the first stage called ``name``, or None."""
        return next((found for found in self.stages if found.stage.name == name), None)


class Piece(NamedTuple):
    """A part of a text as it arrives.

    Attributes:
        stage: The stage it belongs to, or None outside every stage.
        text: Characters of the stage's body, as written; never a tag or a part of one.
        is_opening: Whether the stage begins here.
        is_closing: Whether the stage's own closing tag was read here.
    """

    stage: Stage | None
    text: str
    is_opening: bool = False
    is_closing: bool = False


class StageSplitter:
    """Assigns arriving text to stages, whatever the chunks it arrives in.

    A chunk's end that may turn out to be a tag is held back until that is known.
    """

    def __init__(self, prefix: str = "") -> None:
        """Start after ``prefix``, the text that is being continued."""
        self._open: Stage | None = None
        self._held = ""
        self._num_foreign = 0
        if prefix:
            self.feed(prefix)
            # A tag may begin in the prefix and end in the text, but the prefix itself is no output.
            self._num_foreign = len(self._held)

    def feed(self, text: str) -> list[Piece]:
        """Take in the next characters and return the pieces that are certain by now."""
        buffer = self._held + text
        pieces: list[Piece] = []
        start = 0
        for match in _TAG_PATTERN.finditer(buffer):
            self._add_body(pieces, buffer[start : match.start()])
            self._num_foreign = 0
            self._cross(pieces, _TAGS[match.group()])
            start = match.end()
        end = _start_of_possible_tag(buffer, start)
        self._add_body(pieces, buffer[start:end])
        self._held = buffer[end:]
        return pieces

    def finish(self) -> list[Piece]:
        """Return what was held back: no more text follows, so it is no tag."""
        pieces: list[Piece] = []
        self._add_body(pieces, self._held)
        self._held = ""
        return pieces

    def _add_body(self, pieces: list[Piece], text: str) -> None:
        num_dropped = min(self._num_foreign, len(text))
        self._num_foreign -= num_dropped
        if text := text[num_dropped:]:
            pieces.append(Piece(self._open, text))

    def _cross(self, pieces: list[Piece], tag: _Tag) -> None:
        if tag.is_opening and tag.stage != self._open:
            self._open = tag.stage
            pieces.append(Piece(tag.stage, "", is_opening=True))
        elif not tag.is_opening and tag.stage == self._open:
            self._open = None
            pieces.append(Piece(tag.stage, "", is_closing=True))


def parse_transcript(text: str, *, prefix: str = "") -> Transcript:
    """Find the stages of ``text``.

    Args:
        text: What a model wrote.
        prefix: Already accepted text that ``text`` goes on from; a stage left open there continues.
    """
    splitter = StageSplitter(prefix)
    return assemble([*splitter.feed(text), *splitter.finish()])


def assemble(pieces: Iterable[Piece]) -> Transcript:
    """Put the pieces of one text together."""
    stages: list[StageText] = []
    bodies: list[str] = []
    untagged: list[str] = []
    current: Piece | None = None

    def end_stage(is_closed: bool) -> None:
        if current is not None and current.stage is not None:
            body = "".join(bodies).strip()
            stages.append(StageText(current.stage, body, current.is_opening, is_closed))
        bodies.clear()

    for piece in pieces:
        if piece.stage is None:
            untagged.append(piece.text)
            continue
        if piece.is_opening or current is None:
            end_stage(is_closed=False)
            current = piece
        bodies.append(piece.text)
        if piece.is_closing:
            end_stage(is_closed=True)
            current = None
    end_stage(is_closed=False)
    return Transcript(tuple(stages), "".join(untagged).strip())


def _start_of_possible_tag(buffer: str, after: int) -> int:
    """Return where, past ``after``, the unfinished tag begins that ``buffer`` may end in, or its length."""
    for start in range(max(after, len(buffer) - _LONGEST_TAG + 1), len(buffer)):
        if buffer[start] in "<(" and any(tag.startswith(buffer[start:]) for tag in _TAGS):
            return start
    return len(buffer)
