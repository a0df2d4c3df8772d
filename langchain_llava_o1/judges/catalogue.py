"""The judges that have a name: a record each, from which the command line and the app offer them."""

import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from langchain_llava_o1.errors import ConfigurationError

if TYPE_CHECKING:
    from langchain_llava_o1.judges.judge import Judge


@dataclass(frozen=True)
class JudgeEntry:
    """A judge in the catalogue. Nothing is imported until it is made.

    Attributes:
        name: What it is called.
        description: What it goes by, in a line.
        home: Where its class is, as "module:class"; ``Judge.from_model`` makes it.
        is_scoring: Whether it scores all candidates; else it compares two.
    """

    name: str
    description: str
    home: str
    is_scoring: bool = False

    def create(self, model: Any) -> "Judge":
        """Make the judge, for a chat model that it may ask.

        Raises:
            ConfigurationError: If the model cannot be asked what the judge asks.
        """
        return cast("Judge", pkgutil.resolve_name(self.home).from_model(model))


JUDGES = {
    entry.name: entry
    for entry in (
        JudgeEntry(
            "generative",
            "The model writes a reason and a choice for every match.",
            "langchain_llava_o1.judges.generative:GenerativeJudge",
        ),
        JudgeEntry(
            "likelihood",
            "How likely the model is to choose one candidate or the other; nothing is written.",
            "langchain_llava_o1.judges.likelihood:LikelihoodJudge",
        ),
        JudgeEntry(
            "confidence",
            "How sure the model was of each candidate that it wrote; nothing is asked.",
            "langchain_llava_o1.judges.confidence:ConfidenceJudge",
            is_scoring=True,
        ),
    )
}
"""All of them, by name."""


def find_judge(name: str) -> JudgeEntry:
    """Return the entry of a judge.

    Raises:
        ConfigurationError: If there is none of this name.
    """
    if name not in JUDGES:
        raise ConfigurationError(f"There is no judge {name!r}; there are {', '.join(JUDGES)}.")
    return JUDGES[name]
