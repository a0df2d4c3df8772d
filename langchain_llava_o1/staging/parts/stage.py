"""The part that is one stage."""

from dataclasses import dataclass

from langchain_llava_o1.staging.meaning import normalize
from langchain_llava_o1.staging.parts.part import Extension, Reading
from langchain_llava_o1.staging.parts.reply import Reply
from langchain_llava_o1.staging.parts.single_stage import SingleStagePart
from langchain_llava_o1.staging.parts.tags import (
    append_stages,
    find_bare_conclusion,
    find_closed_body,
    is_cut_by,
    read_body,
)
from langchain_llava_o1.staging.transcript import parse_transcript


@dataclass(frozen=True)
class StagePart(SingleStagePart):
    """One stage, which ends at its closing tag."""

    def limit(self, tokens_per_stage: int) -> int:
        """Return the limit of a stage."""
        return tokens_per_stage

    def instruction(self, answer: str) -> str:
        """Ask for the stage in its tags."""
        beginning = "Go on with your answer" if answer else "Answer step by step"
        form = f"{self.stage.opening}…{self.stage.closing}"
        end = (
            "The conclusion alone answers the question, as briefly as the question asks."
            if self.stage.is_visible
            else "Do not give the final answer yet."
        )
        only = "" if self.stage.is_visible else "only "
        return (
            f"{beginning}: write {only}the {self.title}, in this form and nothing else:\n{form}\n"
            f"{self.criterion} {end}"
        )

    def read(self, reply: Reply, *, is_begun: bool = False, may_be_untagged: bool = False) -> Reading:
        """Find the stage; a visible one may lack its tags where its own stop string ended the reply."""
        stage = self.stage
        texts = [reply.text, reply.written]
        if is_begun:
            texts = [text if stage.opening in text else stage.opening + text for text in texts]
        for text in dict.fromkeys(texts):
            body = find_closed_body(stage, text, reply)
            if body is None and is_cut_by(stage, reply):
                body = find_bare_conclusion(stage, parse_transcript(text), before=())
            if body:
                return Reading(stage.wrap(body), True)
        transcript = parse_transcript(texts[-1])
        if may_be_untagged and not transcript.stages and transcript.untagged and reply.is_ended:
            return Reading(stage.wrap(transcript.untagged), True)
        found = transcript.find(stage.name)
        return Reading(texts[-1] if found is None else f"{stage.opening}{found.body}", False)

    def extend(self, answer: str, text: str, *, is_complete: bool) -> Extension:
        """Append the stage in its tags, also where the model left those out."""
        body = read_body(self.stage, text)
        return Extension(
            append_stages(answer, [(self.stage, body)]), [] if is_complete else [self.stage.name]
        )

    def words(self, answer: str, text: str) -> str:
        """Return the stage's words without its tags."""
        return read_body(self.stage, text)

    def tagged(self, answer: str, text: str) -> str:
        """Return the stage in its tags."""
        return text

    def meaning(self, text: str) -> str:
        """Return what a visible stage means, and the words of a hidden one."""
        body = read_body(self.stage, text)
        return normalize(body) if self.stage.is_visible else " ".join(body.split())
