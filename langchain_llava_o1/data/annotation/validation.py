"""Whether an annotation's conclusion is right: a rule decides where it can, else a model is asked."""

import re
from dataclasses import dataclass
from enum import StrEnum

from langchain_core.messages import HumanMessage

from langchain_llava_o1.data.annotation.agreement import decide_agreement
from langchain_llava_o1.judges.chat_model import ChatModel
from langchain_llava_o1.staging.annotation_prompts import INVALID, VERDICT_HEADING, validation_prompt

_WORDS = r"\b(not\s+(?:a\s+)?valid|in\s?-?valid|valid)\b"
_STATED = re.compile(rf"{VERDICT_HEADING}[\s*_`\"'“]*{_WORDS}", re.IGNORECASE)
_SAID = re.compile(_WORDS, re.IGNORECASE)
_NEGATION = re.compile(r"\b(?:not|no|never|neither|nor|hardly|cannot)\b|n['’]t\b", re.IGNORECASE)


class Agreement(StrEnum):
    """What is found about a conclusion."""

    VALID = "valid"
    INVALID = "invalid"
    UNREADABLE = "unreadable"
    """The verdict of the model could not be read."""


class Decider(StrEnum):
    """Who found it."""

    RULE = "rule"
    MODEL = "model"


@dataclass(frozen=True)
class Validation:
    """What is found about a conclusion.

    Attributes:
        agreement: Whether it agrees with the reference answer.
        decider: Who says so.
        text: The model's last verdict as it came; empty where none was asked for.
        num_unreadable: How many verdicts could not be read.
    """

    agreement: Agreement
    decider: Decider
    text: str = ""
    num_unreadable: int = 0


@dataclass(frozen=True)
class Validator:
    """Compares conclusions with reference answers.

    Attributes:
        model: Who is asked where the rule cannot tell, about text alone; None for nobody: what the rule
            cannot tell counts as invalid.
        tries: How often a verdict that cannot be read is asked for.
    """

    model: ChatModel | None
    tries: int = 2

    async def validate(self, question: str, reference: str, conclusion: str) -> Validation:
        """Compare a conclusion with the reference answer."""
        decided = decide_agreement(question, reference, conclusion)
        if decided is not None or self.model is None:
            return Validation(Agreement.VALID if decided else Agreement.INVALID, Decider.RULE)
        prompt = HumanMessage(validation_prompt(question, reference, conclusion))
        text = ""
        for number in range(self.tries):
            text = str((await self.model.ainvoke([prompt])).text)
            agreement = read_agreement(text)
            if agreement is not Agreement.UNREADABLE:
                return Validation(agreement, Decider.MODEL, text, num_unreadable=number)
        return Validation(Agreement.UNREADABLE, Decider.MODEL, text, num_unreadable=self.tries)


def read_agreement(text: str) -> Agreement:
    """Read a verdict in the form asked for, else the word that is used.

    Both words at once say nothing, nor does one that stands beside a negation, as in "not entirely valid".
    """
    stated = _STATED.findall(text)
    if not stated and _NEGATION.search(_SAID.sub("", text)):
        return Agreement.UNREADABLE
    found = {_agreement_of(word) for word in stated or _SAID.findall(text)}
    return found.pop() if len(found) == 1 else Agreement.UNREADABLE


def _agreement_of(word: str) -> Agreement:
    is_invalid = word.lower().startswith(("not", INVALID[:2]))
    return Agreement.INVALID if is_invalid else Agreement.VALID
