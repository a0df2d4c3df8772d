"""The model that a judge asks in place of the one that answers, as its full name has it."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, Self


class OwnModel(NamedTuple):
    """A model and what it is opened with.

    As text it is the model's name and, where there are settings, a blank and those in JSON.

    Attributes:
        name: The model's name.
        settings: What it is opened with besides, by name.
    """

    name: str
    settings: Mapping[str, Any]

    @classmethod
    def read(cls, text: str) -> Self:
        """Take its text apart; what is no JSON belongs to the name."""
        name, blank, rest = text.partition(" {")
        try:
            return cls(name, json.loads("{" + rest)) if blank else cls(text, {})
        except ValueError:
            return cls(text, {})

    def __str__(self) -> str:
        """Write it: equal models and settings have an equal text."""
        if not self.settings:
            return self.name
        # The text also stands in Markdown tables.
        written = json.dumps(dict(self.settings), ensure_ascii=False, sort_keys=True).replace("|", "\\u007c")
        return f"{self.name} {written}"
