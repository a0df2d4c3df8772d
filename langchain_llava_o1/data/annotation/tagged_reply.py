"""The four stages of a teacher's reply, whatever it did with the tags."""

import re
from typing import NamedTuple

from langchain_llava_o1.staging.parts.reply import Reply
from langchain_llava_o1.staging.stages import STAGES, Stage
from langchain_llava_o1.staging.transcript import StageText, parse_transcript

_NAMES = "|".join(stage.tag for stage in STAGES)
_LOOSE_TAG = re.compile(rf"<\s*(/?)\s*({_NAMES})\s*>", re.IGNORECASE)
_ESCAPED_TAG = re.compile(rf"&lt;(\s*/?\s*(?:{_NAMES})\s*)&gt;", re.IGNORECASE)
# Marks around a tag that stands in a line of its own, as in "**<SUMMARY>**".
_DECORATED_TAG = re.compile(
    rf"^[ \t#>*_`-]+(</?(?:{_NAMES})>)[ \t*_`:]*$|^(</?(?:{_NAMES})>)[ \t*_`:]+$", re.M
)
_THINKING = re.compile(r"<think>.*?</think>", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"^[ \t]*```[^\n`]*$", re.M)
_CUT_OFF = "length"


class Annotation(NamedTuple):
    """What could be read of a reply.

    Attributes:
        text: The four stages, each in its tags; None where they could not be read.
        conclusion: What the last stage says; empty where they could not be read.
        problem: Why they could not be read; empty where they could.
    """

    text: str | None
    conclusion: str = ""
    problem: str = ""


def read_annotation(reply: Reply) -> Annotation:
    """Find the four stages in a reply.

    Tags may be in another case, hold blanks, be escaped or decorated; closing tags may be missing; text may
    stand around them, and a code fence. Where the stages were written several times, as by a model that first
    repeats what it is asked for, the last ones that are complete count. If another conclusion follows them,
    nobody can tell which one is meant, and the reply counts as none.
    """
    if reply.finish_reason == _CUT_OFF:
        return Annotation(None, problem="the reply was cut off at the limit of tokens")
    for text in dict.fromkeys([reply.text, reply.written]):
        for tagged in dict.fromkeys([text, _straighten(text)]):
            bare = _DECORATED_TAG.sub(lambda tag: tag[1] or tag[2], _without_fence(tagged))
            stages = parse_transcript(bare).stages
            if (start := _find_last_complete(stages)) is not None:
                return _read_stages(stages[start:])
    return Annotation(None, problem=_explain(reply.written))


def _straighten(text: str) -> str:
    """Return a text in which what is meant as a tag is one."""
    text = _ESCAPED_TAG.sub(r"<\1>", _THINKING.sub("", text))
    return _LOOSE_TAG.sub(lambda tag: f"<{tag[1]}{tag[2].upper()}>", text)


def _without_fence(text: str) -> str:
    """Return a text without the end of a code fence that begins before its first tag."""
    tag = _LOOSE_TAG.search(text)
    before = len(_FENCE.findall(text, 0, tag.start())) if tag else 0
    fences = list(_FENCE.finditer(text, tag.start())) if tag else []
    if before % 2 == 0 or len(fences) % 2 == 0:
        return text
    return text[: fences[-1].start()]


def _find_last_complete(stages: tuple[StageText, ...]) -> int | None:
    """Return where the last stages begin that are all there, in order."""
    for start in range(len(stages) - len(STAGES), -1, -1):
        found = stages[start : start + len(STAGES)]
        if tuple(each.stage for each in found) == STAGES and all(_is_written(each.body) for each in found):
            return start
    return None


def _read_stages(stages: tuple[StageText, ...]) -> Annotation:
    """Read complete stages, unless another conclusion follows that says something else."""
    bodies = [each.body for each in stages[: len(STAGES)]]
    conclusions = [each.body for each in stages if each.stage == STAGES[-1] and _is_written(each.body)]
    if len({" ".join(body.split()) for body in conclusions}) > 1:
        return Annotation(None, problem="the conclusion is written twice")
    return Annotation("\n\n".join(map(Stage.wrap, STAGES, bodies)), bodies[-1])


def _is_written(body: str) -> bool:
    """Tell whether a stage says something, and is not the form that was asked for."""
    return bool(body.strip(" \t\n.…"))


def _explain(text: str) -> str:
    written = [each for each in parse_transcript(_straighten(text)).stages if _is_written(each.body)]
    if not written:
        return "the reply has no stages"
    lacking = [stage.name for stage in STAGES if stage not in [each.stage for each in written]]
    if lacking:
        return f"the reply has no {', no '.join(lacking)}"
    return f"the stages are out of order: {', '.join(each.stage.name for each in written)}"
