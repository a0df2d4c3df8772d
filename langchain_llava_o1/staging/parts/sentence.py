"""The part that is the next sentence of a stage."""

from dataclasses import dataclass
from typing import ClassVar

from langchain_llava_o1.staging.parts.part import Extension, Reading
from langchain_llava_o1.staging.parts.reply import Reply
from langchain_llava_o1.staging.parts.single_stage import SingleStagePart
from langchain_llava_o1.staging.parts.tags import is_ended_by_stop, open_stage, read_body
from langchain_llava_o1.staging.sentences import SENTENCE_END, first_sentence, join_sentences
from langchain_llava_o1.staging.transcript import parse_transcript


@dataclass(frozen=True)
class SentencePart(SingleStagePart):
    """The next sentence of a stage, or its first one.

    A candidate's text is its words, and its stage's closing tag where the stage ends with it.

    Attributes:
        max_tokens: Most tokens of a sentence.
    """

    max_tokens: int

    is_read_as_written: ClassVar[bool] = True

    @property
    def is_last(self) -> bool:
        """No sentence is known to be the last one."""
        return False

    def limit(self, tokens_per_stage: int) -> int:
        """Return the limit of a sentence."""
        return self.max_tokens

    def instruction(self, answer: str) -> str:
        """Ask for the sentence, and for the closing tag where the stage ends with it."""
        is_going_on = open_stage(answer) == self.stage
        place = "Go on with your answer" if is_going_on else f"Begin the {self.title} of your answer"
        return (
            f"{place}: write its next sentence only, without repeating anything. {self.criterion} "
            f"If the {self.title} is complete with it, put {self.stage.closing} at its end."
        )

    def read(self, reply: Reply, *, is_begun: bool = False, may_be_untagged: bool = False) -> Reading:
        """Find the sentence; it is complete if it has an end."""
        stage = self.stage
        text = reply.written
        has_tag = any(tag in text for tag in stage.stop)
        has_ended = reply.finish_reason not in (SENTENCE_END, "length")
        is_closed = has_tag or (has_ended and not may_be_untagged and is_ended_by_stop(stage, reply))
        body = self._body(text)
        is_complete = reply.finish_reason != "length" and (bool(body) or is_closed)
        # A model that says no more has left its stage, tag or not: asked again, it would do the same.
        is_left = is_closed or (has_ended and not (may_be_untagged and body))
        return Reading(body + (stage.closing if is_left else ""), is_complete)

    def extend(self, answer: str, text: str, *, is_complete: bool) -> Extension:
        """Append the sentence to its stage, which it may open and close."""
        found = parse_transcript(text, prefix=self.stage.opening).find(self.name)
        body, is_closed = (found.body, found.is_closed) if found else ("", True)
        if open_stage(answer) == self.stage:
            extended = join_sentences(answer, body)
        else:
            extended = "\n\n".join(filter(None, [answer, f"{self.stage.opening}{body}"]))
        closing = self.stage.closing if is_closed else ""
        return Extension(extended + closing, [] if is_complete else [self.name])

    def words(self, answer: str, text: str) -> str:
        """Return the words of the stage up to the sentence's end."""
        begun = parse_transcript(answer).find(self.name)
        body = parse_transcript(text, prefix=self.stage.opening).find(self.name)
        return join_sentences(begun.body if begun else "", body.body if body else "")

    def tagged(self, answer: str, text: str) -> str:
        """Return the stage up to the sentence's end, opened and not closed."""
        return self.stage.opening + self.words(answer, text)

    def meaning(self, text: str) -> str:
        """Return the words: whether sentences mean the same is not known."""
        return " ".join(read_body(self.stage, text).split())

    def find_end(self, written: str) -> str | None:
        """Return the first sentence once the next one has begun."""
        return first_sentence(written, self.stop)

    def _body(self, text: str) -> str:
        found = parse_transcript(text).find(self.name)
        if found is None:
            found = parse_transcript(text, prefix=self.stage.opening).find(self.name)
        return found.body if found else ""
