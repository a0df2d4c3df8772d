"""Whether every answer has all stages, once each, closed and in order."""

from collections.abc import Iterator

from langchain_llava_o1.data.checks.check import Check, Finding, Viewed
from langchain_llava_o1.data.example import answer_field
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.staging.transcript import Transcript

_ORDER = ", ".join(stage.name for stage in STAGES)


class TagCheck(Check):
    """Finds stages that are missing, repeated, unclosed, unopened or out of order."""

    def look(self, viewed: Viewed) -> Iterator[Finding]:
        """Return what is wrong with the tags of an example's answers."""
        pairs = zip(viewed.example.answers, viewed.transcripts, strict=True)
        for number, (answer, transcript) in enumerate(pairs):
            for kind, found, fix in _look_at(answer, transcript):
                yield Finding(
                    answer_field(number), kind, found, expected=f"{_ORDER}, each once, in its tags", fix=fix
                )


def _look_at(answer: str, transcript: Transcript) -> Iterator[tuple[str, str, str]]:
    names = [found.stage for found in transcript.stages]
    if not names:
        yield "no stages", "the answer has no stages", "Write it in stages, or leave the line out."
        return
    for stage in STAGES:
        if stage not in names:
            yield (
                "missing stage",
                f"there is no {stage.name}",
                f"Add it between {stage.opening} and {stage.closing}.",
            )
        num_opened, num_closed = (
            _count(answer, (stage.opening, stage.spelled_opening)),
            _count(answer, stage.stop),
        )
        if num_opened > 1:
            yield "repeated stage", f"{stage.name} is opened {num_opened} times", "Keep one of them."
        if num_opened > num_closed:
            yield "unclosed stage", f"{stage.name} is not closed", f"Add {stage.closing} at its end."
        elif num_opened < num_closed:
            yield (
                "unopened stage",
                f"{stage.name} is closed more often than opened",
                f"Add {stage.opening}, or delete the tag.",
            )
    places = [STAGES.index(stage) for stage in dict.fromkeys(names)]
    if places != sorted(places):
        written = ", ".join(stage.name for stage in dict.fromkeys(names))
        yield "stages out of order", f"the stages are {written}", "Put them in order."
    if transcript.untagged:
        yield (
            "text outside stages",
            f"{len(transcript.untagged)} characters stand outside every stage",
            "Move them into a stage, or delete them.",
        )


def _count(answer: str, tags: tuple[str, ...]) -> int:
    return sum(answer.count(tag) for tag in tags)
