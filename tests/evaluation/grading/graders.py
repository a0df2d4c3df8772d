"""Graders that a test writes the replies of."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from langchain_core.messages import AIMessage

from langchain_llava_o1.evaluation.grading.grader import Grader
from langchain_llava_o1.evaluation.grading.reply_cache import ReplyCache
from langchain_llava_o1.evaluation.item import Grade
from tests.scripted_model import USAGE, Call, ScriptedModel


class GivenResources(NamedTuple):
    grader: Grader | None = None
    is_compatible: bool = False


NO_GRADER = GivenResources()
COMPATIBLE = GivenResources(is_compatible=True)


def scripted(write: Callable[[Call], str]) -> ScriptedModel:
    return ScriptedModel(write=lambda call: AIMessage(write(call), usage_metadata=USAGE))


def replying(*replies: str, **options: Any) -> tuple[GivenResources, ScriptedModel]:
    """Grade with a model that gives these replies in turn; both are returned."""
    left = list(replies)
    model = scripted(lambda call: left.pop(0))
    return GivenResources(Grader(model, "scripted"), **options), model


def cached_in(path: Path, model: ScriptedModel, **options: Any) -> Grader:
    return Grader(model, "scripted", cache=ReplyCache(path), **options)


def prompt_of(call: Call) -> str:
    return str(call.messages[-1].text)


def wait_for(grading: Any) -> Grade:
    grade = asyncio.run(grading)
    assert isinstance(grade, Grade)
    return grade
