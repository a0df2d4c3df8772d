"""The judges that have a name: a record each, from which the command line and the app offer them.

The full name of a judge that asks a model of its own has that model behind a colon (``own_model.py``), as in
"reward:Skywork/Skywork-VL-Reward-7B".
"""

import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

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
        own_model: What opens the model that it needs, by what follows the judge's name, as
            "module:function"; None if it can do with the model that answers.
        other_model: What opens a chat model that it may ask in the place of the one that answers, likewise;
            None if it asks no other one.
    """

    name: str
    description: str
    home: str
    is_scoring: bool = False
    own_model: str | None = None
    other_model: str | None = None

    def create(self, model: Any, own_model: str = "") -> "Judge":
        """Make the judge.

        Args:
            model: The chat model that answers, which it may ask.
            own_model: The model that it asks instead (``own_model.py``); empty if it has none.

        Raises:
            ConfigurationError: If the model cannot be asked what the judge asks, the judge needs a model of
                its own, or has none.
        """
        opener = self.own_model or self.other_model
        if own_model:
            if opener is None:
                takers = [entry.name for entry in JUDGES.values() if entry.own_model or entry.other_model]
                raise ConfigurationError(
                    f"The {self.name} judge takes no model of its own, got {own_model!r} for it. "
                    f"Leave that one out, or use the judge {' or '.join(takers)}."
                )
            model = pkgutil.resolve_name(opener)(own_model)
        elif self.own_model is not None:
            raise ConfigurationError(
                f"The {self.name} judge needs a model of its own. Name it, as in "
                f"{self.name}:Skywork/Skywork-VL-Reward-7B; on the command line with --judge-model."
            )
        return cast("Judge", pkgutil.resolve_name(self.home).from_model(model))


_OPEN_CHAT_MODEL = "langchain_llava_o1.chat.judging_model:open_judging_model"

JUDGES = {
    entry.name: entry
    for entry in (
        JudgeEntry(
            "generative",
            "The model writes a reason and a choice for every match.",
            "langchain_llava_o1.judges.generative:GenerativeJudge",
            other_model=_OPEN_CHAT_MODEL,
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
        JudgeEntry(
            "critic",
            "The model thinks and boxes its choice for every match, as critics are trained to.",
            "langchain_llava_o1.judges.critic:CriticJudge",
            other_model=_OPEN_CHAT_MODEL,
        ),
        JudgeEntry(
            "reward",
            "A reward model of Hugging Face scores each candidate.",
            "langchain_llava_o1.judges.reward:RewardJudge",
            is_scoring=True,
            own_model="langchain_llava_o1.rewards.reward:open_reward",
        ),
    )
}
"""All of them, by name."""


class FullName(NamedTuple):
    """A judge's full name, taken apart.

    Attributes:
        judge: Name of the judge.
        own_model: The model that it asks (``own_model.py``); empty if none is named.
    """

    judge: str
    own_model: str


def split_name(name: str) -> FullName:
    """Take a judge's full name apart."""
    judge, _, own_model = name.partition(":")
    return FullName(judge, own_model)


def find_judge(name: str) -> JudgeEntry:
    """Return the entry of a judge, by its name or its full name.

    Raises:
        ConfigurationError: If there is none of this name.
    """
    judge = split_name(name).judge
    if judge not in JUDGES:
        raise ConfigurationError(f"There is no judge {judge!r}; there are {', '.join(JUDGES)}.")
    return JUDGES[judge]
