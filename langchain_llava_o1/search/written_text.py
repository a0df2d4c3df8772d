"""A reply's text as it is written, stage by stage."""

from langchain_core.messages import AIMessageChunk

from langchain_llava_o1.search.events import Reporter, TextWritten
from langchain_llava_o1.staging.parts.part import Part
from langchain_llava_o1.staging.stages import Stage
from langchain_llava_o1.staging.transcript import Piece, StageSplitter


class TextReporter:
    """Reports the chunks of one reply as text of the stages that they belong to.

    A model may give its hidden stages as reasoning and only then the visible one as content, or all of them
    as content, in their tags. Content without tags belongs to the last stage that was asked for, where it can
    be nothing else: after the reasoning, or where one stage alone was asked for.
    """

    def __init__(self, part: Part, accepted: str, report: Reporter) -> None:
        """Begin a reply.

        Args:
            part: What is written.
            accepted: The answer that it goes on from, in tags.
            report: Where the text goes.
        """
        self._part = part
        self._report = report
        self._reasoning = StageSplitter(accepted)
        self._content = StageSplitter(accepted)
        self._has_reasoning = False
        self._is_in_last = False

    def take(self, chunk: AIMessageChunk) -> None:
        """Report what a chunk adds."""
        blocks = chunk.content_blocks
        for block in blocks:
            if block["type"] == "reasoning" and (reasoning := block.get("reasoning", "")):
                if not self._has_reasoning:
                    # What follows as content is no longer a part of what was accepted.
                    self._has_reasoning, self._content = True, StageSplitter()
                for piece in self._reasoning.feed(reasoning):
                    self._tell(piece.stage, piece.text)
        if text := str(chunk.text):
            self._take_content(self._content.feed(text))

    def finish(self) -> None:
        """Report what was held back because a tag might have begun with it."""
        for piece in self._reasoning.finish():
            self._tell(piece.stage, piece.text)
        self._take_content(self._content.finish())

    def _take_content(self, pieces: list[Piece]) -> None:
        last = self._part.stages[-1]
        for piece in pieces:
            if piece.stage is not None:
                # Models that reached no conclusion may give their reasoning once more as content.
                if not self._has_reasoning or piece.stage == last:
                    self._tell(piece.stage, piece.text)
                self._is_in_last = piece.stage == last and not piece.is_closing
            elif self._is_in_last or (piece.text.strip() and self._is_certain(last)):
                self._is_in_last = True
                self._tell(last, piece.text)

    def _is_certain(self, last: Stage) -> bool:
        """Tell whether text outside of all stages can only be the last one."""
        return len(self._part.stages) == 1 or (self._has_reasoning and last.is_visible)

    def _tell(self, stage: Stage | None, text: str) -> None:
        if text and stage in self._part.stages:
            assert stage is not None
            self._report(TextWritten(type="text", stage=stage.name, text=text))
