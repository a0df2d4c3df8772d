"""The part that is a whole answer, or what is missing of one."""

from dataclasses import dataclass

from langchain_llava_o1.staging.meaning import normalize
from langchain_llava_o1.staging.parts.part import Extension, Part, Reading
from langchain_llava_o1.staging.parts.reply import Reply
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.parts.tags import (
    append_stages,
    find_bare_conclusion,
    find_closed_body,
    is_cut_by,
    read_body,
)
from langchain_llava_o1.staging.stages import STAGES, Stage
from langchain_llava_o1.staging.transcript import Transcript, parse_transcript

_CRITERION = (
    "A good answer has an accurate caption, a reasoning without error that follows from it, "
    "and a conclusion that agrees with the reasoning and never refuses to answer."
)


@dataclass(frozen=True)
class AnswerPart(Part):
    """Several stages at once, up to the last one, after which a model ends by itself.

    Attributes:
        stages: The stages, in order; the last one is visible.
    """

    stages: tuple[Stage, ...] = STAGES

    @property
    def name(self) -> str:
        """Always "answer"."""
        return "answer"

    @property
    def title(self) -> str:
        """Whether it is the whole answer or the rest of one."""
        return "whole answer" if self.stages == STAGES else "rest of the answer"

    @property
    def criterion(self) -> str:
        """What makes an answer good."""
        return _CRITERION

    @property
    def stop(self) -> tuple[str, ...]:
        """Nothing: a model ends its answer by itself, and some servers know no stop strings."""
        return ()

    def limit(self, tokens_per_stage: int) -> int:
        """Return the limit of all its stages."""
        return tokens_per_stage * len(self.stages)

    def instruction(self, answer: str) -> str:
        """Ask for all the stages in their tags."""
        beginning = "Go on with your answer" if answer else "Answer step by step"
        form = "\n".join(f"{stage.opening}…{stage.closing}" for stage in self.stages)
        hint = " ".join(stage.criterion for stage in self.stages)
        return (
            f"{beginning}: write the {self.title}, in this form and nothing else:\n{form}\n{hint} "
            "The conclusion alone answers the question, as briefly as the question asks."
        )

    def read(self, reply: Reply, *, is_begun: bool = False, may_be_untagged: bool = False) -> Reading:
        """Find the stages; it is complete if all of them are.

        A model that tells reasoning and answer apart gives the visible stage without its tags: what it says
        after its hidden stages and ends by itself is that one.
        """
        texts = [reply.text, reply.written]
        if is_begun:
            opening = self.stages[0].opening
            texts = [text if opening in text else opening + text for text in texts]
        for text in dict.fromkeys(texts):
            bodies = [self._find_body(stage, text, reply) for stage in self.stages]
            if all(bodies):
                return Reading("\n\n".join(map(Stage.wrap, self.stages, map(str, bodies))), True)
        return Reading(texts[-1], False)

    def extend(self, answer: str, text: str, *, is_complete: bool) -> Extension:
        """Append the stages in their tags, also where the model left those out."""
        transcript = parse_transcript(text)
        bodies: list[tuple[Stage, str]] = []
        incomplete = []
        for stage in self.stages:
            written = transcript.find(stage.name)
            if written is None or not written.is_closed:
                incomplete.append(stage.name)
            if written is not None:
                bodies.append((stage, written.body))
            else:
                bodies.append((stage, _all_that_was_said(transcript, text) if stage.is_visible else ""))
        return Extension(append_stages(answer, bodies), incomplete)

    def words(self, answer: str, text: str) -> str:
        """Return the stages in their tags, which tell them apart."""
        return text

    def tagged(self, answer: str, text: str) -> str:
        """Return the stages in their tags."""
        return text

    def meaning(self, text: str) -> str:
        """Return what the conclusion means."""
        return normalize(read_body(self.stages[-1], text))

    def _find_body(self, stage: Stage, text: str, reply: Reply) -> str | None:
        body = find_closed_body(stage, text, reply)
        if body is None:
            transcript = parse_transcript(text)
            if is_cut_by(stage, reply) or (transcript.stages and reply.is_ended):
                return find_bare_conclusion(stage, transcript, before=self.stages[:-1])
        return body


def _all_that_was_said(transcript: Transcript, text: str) -> str:
    """Return what stands outside the stages, or in the last one: all that the model said to the user."""
    last = transcript.stages[-1].body if transcript.stages else text
    return transcript.untagged or last


WHOLE_ANSWER = AnswerPart(STAGES)
"""The part that is a whole answer."""


def rest_of_answer(stages: tuple[Stage, ...]) -> Part:
    """Return the part that is the last stages of an answer, at least one."""
    return StagePart(stages[0]) if len(stages) == 1 else AnswerPart(stages)
