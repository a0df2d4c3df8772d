"""A chat model that reads answers where rules cannot."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from langchain_core.messages import HumanMessage

from langchain_llava_o1.judges.chat_model import ChatModel

Value = TypeVar("Value")


class Reading(NamedTuple):
    """What a grader said.

    Attributes:
        value: What was read out of its reply; None if no reply could be read.
        told: The reply that was read, or the last one.
    """

    value: Any
    told: str


class Grader:
    """A chat model that is asked about answers.

    Attributes:
        name: What the model is called, in reports.
    """

    def __init__(self, model: ChatModel, name: str) -> None:
        """Take the model."""
        self.name = name
        self._model = model

    async def ask(self, prompt: str, read: Callable[[str], Value | None], *, tries: int = 3) -> Reading:
        """Ask until a reply can be read.

        Args:
            prompt: What is asked.
            read: Reads a reply; None if it cannot.
            tries: How often it is asked at most.
        """
        told = ""
        for _ in range(tries):
            told = str((await self._model.ainvoke([HumanMessage(prompt)])).text)
            if (value := read(told)) is not None:
                return Reading(value, told)
        return Reading(None, told)
