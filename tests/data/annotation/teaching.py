"""Questions to annotate, teachers that are scripted, and one that is asked over HTTP."""

import json
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage

from langchain_llava_o1.chat.model_name import ModelName
from langchain_llava_o1.data.annotation.plan import AnnotationPlan
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.data.training_set import TrainingSet
from tests.chat_completions import Body, serving, text_of
from tests.data.sets import staged, write_pictures, write_set
from tests.scripted_model import USAGE, Call, Script, ScriptedModel

COLOURS = ("red", "green", "blue", "teal", "gold")


def write_questions(folder: Path, *answers: str, **fields: Any) -> Path:
    """Write a table of questions, one for each answer; their ids are q0, q1, …"""
    write_pictures(folder, *COLOURS)
    rows = [
        {
            "id": f"q{number}",
            "image": f"{COLOURS[number % len(COLOURS)]}.png",
            "question": f"What is number {number}?",
            "answer": answer,
            **fields,
        }
        for number, answer in enumerate(answers)
    ]
    return write_set(folder / "questions.jsonl", *rows)


def open_questions(folder: Path, *answers: str, **fields: Any) -> TrainingSet:
    return open_training_set(write_questions(folder, *answers, **fields))


def prompt_of(call: Call) -> str:
    return "\n".join(str(message.text) for message in call.messages)


def is_validation(prompt: str) -> bool:
    return prompt.startswith("Compare an answer")


def say(text: str, finish_reason: str = "stop") -> AIMessage:
    return AIMessage(text, response_metadata={"finish_reason": finish_reason}, usage_metadata=USAGE)


def conclude(conclusion: str) -> AIMessage:
    """Reply with a whole answer."""
    return say(staged(conclusion=conclusion))


def teach(write: Script, **options: Any) -> tuple[ScriptedModel, ModelName]:
    """Return a scripted teacher, and what a plan is given of it."""
    model = ScriptedModel(write=write, **options)
    return model, ModelName.of(model)


def plan_for(write: Script, **options: Any) -> AnnotationPlan:
    return AnnotationPlan(teach(write)[1], **options)


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@dataclass
class TeacherServer:
    """Speaks as OpenAI's chat completions do; keeps the prompts that it was asked.

    Attributes:
        write: Makes the reply to a prompt.
        prompts: The prompts that were answered.
        num_asked: How many prompts have come, answered or not.
    """

    write: Callable[[str], str]
    prompts: list[str] = field(default_factory=list)
    num_asked: int = 0
    address: str = ""
    _num_allowed: float = math.inf
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def allow(self, num_replies: float) -> None:
        """Answer so many prompts in all; those that come after them wait until more are allowed."""
        with self._changed:
            self._num_allowed = num_replies
            self._changed.notify_all()

    def wait_until_asked(self, num_prompts: int) -> None:
        """Wait until so many prompts have come in all; give up where they never do."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.num_asked >= num_prompts, timeout=600)

    def reply(self, prompt: str) -> str:
        """Answer a prompt as soon as that is allowed."""
        with self._changed:
            self.num_asked += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: len(self.prompts) < self._num_allowed)
            self.prompts.append(prompt)
        return self.write(prompt)

    @contextmanager
    def serving(self) -> Iterator["TeacherServer"]:
        def prompt_in(body: Body) -> str:
            return "\n".join(map(text_of, body["messages"]))

        def lose(body: Body) -> None:
            self.prompts.remove(prompt_in(body))

        with serving(lambda body: self.reply(prompt_in(body)), lose=lose) as self.address:
            try:
                yield self
            finally:
                self.allow(math.inf)
