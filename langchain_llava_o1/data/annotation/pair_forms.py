"""A pair of a better and a worse answer as a line of a file: for preferences, or for verdicts."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from langchain_core.messages import BaseMessage

from langchain_llava_o1.data.annotation.journal import write_json_line
from langchain_llava_o1.data.annotation.question import Question
from langchain_llava_o1.data.example import ASSISTANT, HUMAN, PLACEHOLDER, Turn
from langchain_llava_o1.data.formats.json_line import OWN_FIELDS, write_line
from langchain_llava_o1.search.seeds import derive_seed
from langchain_llava_o1.staging.parts.answer import WHOLE_ANSWER
from langchain_llava_o1.staging.prompts import VERDICT_PREFIX, comparison_prompt

PairForm = Literal["preference", "stage", "verdict"]
"""For preferences between a right and a wrong answer, or between what a search chose at a stage and what it
did not, TRL's conversational format: ``prompt``, ``images``, ``chosen``, ``rejected``. For verdicts, the
published format of training sets: question and both answers, then the verdict."""

_ROLES = {"human": "user", "ai": "assistant"}


def write_pair(
    form: PairForm, id: str, question: Question, pictures: Sequence[str], *, right: str, wrong: str
) -> bytes:
    """Write a pair as a line, its end included.

    Args:
        form: What it is for.
        id: What it is called.
        question: The question.
        pictures: Paths of its pictures, from the folder of the file.
        right: The better answer, in its tags; of a choice at a stage, as far as that stage.
        wrong: The other one.
    """
    if form == "verdict":
        return _write_verdict(id, question, pictures, right=right, wrong=wrong)
    fields = {
        "id": id,
        "images": list(pictures),
        "prompt": [_write_message(message) for message in question.write_messages()],
        "chosen": [_say(right)],
        "rejected": [_say(wrong)],
        "reference": question.reference,
    }
    return write_json_line(fields)


def _write_message(message: BaseMessage) -> dict[str, Any]:
    content = message.content
    blocks: list[Any] = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
    shown = [
        {"type": "image"} if block["type"] == "image" else {"type": "text", "text": block["text"]}
        for block in blocks
    ]
    return {"role": _ROLES[message.type], "content": shown}


def _say(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


def _write_verdict(id: str, question: Question, pictures: Sequence[str], *, right: str, wrong: str) -> bytes:
    """Write the comparison as a judge is asked for it; which answer comes first is drawn by the id."""
    choice = 1 + derive_seed(0, "verdict", id) % 2
    first, second = (right, wrong) if choice == 1 else (wrong, right)
    example = question.example
    *earlier, asked = example.turns[:-1]
    comparison = comparison_prompt(WHOLE_ANSWER, first, second, with_reason=False)
    # A candidate's text shows no picture.
    comparison = comparison.replace(PLACEHOLDER, "image")
    turns = (
        *earlier,
        Turn(HUMAN, f"{asked.text}\n\n{comparison}"),
        Turn(ASSISTANT, f"{VERDICT_PREFIX} {choice}"),
    )
    extra = {name: value for name, value in example.extra.items() if name not in OWN_FIELDS}
    return write_line(replace(example, id=id, pictures=tuple(pictures), turns=turns, extra=extra))
