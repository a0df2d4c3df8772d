"""An answer as steps: each stage is one, and so is what stands between or after stages."""

from dataclasses import dataclass

from langchain_llava_o1.staging.stages import Stage
from langchain_llava_o1.staging.transcript import StageSplitter


@dataclass(frozen=True)
class AnswerSteps:
    """The steps of an answer.

    Attributes:
        accepted: The words of those that were accepted before.
        added: The words of those that are new; none is empty.
        has_last: Whether there is a new step, and the last one says anything.
    """

    accepted: tuple[str, ...]
    added: tuple[str, ...]
    has_last: bool


def read_steps(text: str, *, accepted: str = "") -> AnswerSteps:
    """Take an answer apart. Where it only goes on with the last accepted step, that one is new.

    Args:
        text: The answer, complete or not.
        accepted: What it begins with that was accepted before.
    """
    found = _split(text)
    num_added = max(1, len(found) - len(_split(accepted)))
    says_more = bool(text.removeprefix(accepted).strip())
    before, added = found[:-num_added], found[-num_added:]
    return AnswerSteps(
        tuple(step for step in before if step),
        tuple(step for step in added if step),
        says_more and found[-1:] not in ([], [""]),
    )


def _split(text: str) -> list[str]:
    """Return the words of each stage and of each text outside of stages; those of a stage may be empty."""
    splitter = StageSplitter()
    stages: list[Stage | None] = []
    words: list[str] = []
    for piece in [*splitter.feed(text), *splitter.finish()]:
        if not stages or piece.is_opening or piece.stage != stages[-1]:
            stages.append(piece.stage)
            words.append("")
        words[-1] += piece.text
    return [
        step.strip() for stage, step in zip(stages, words, strict=True) if stage is not None or step.strip()
    ]
