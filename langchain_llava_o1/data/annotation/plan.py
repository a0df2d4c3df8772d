"""How a set is annotated: who writes, who compares, how often, and what it may cost."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain_llava_o1.chat.model_name import ModelName
from langchain_llava_o1.data.annotation.spending import Budget, Price
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.search.catalogue import SINGLE_PASS
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.staging.annotation_prompts import teacher_prompt, validation_prompt

RULE = "rule"
"""In the place of a validator: no model is asked, and what the rule cannot tell counts as invalid."""


@dataclass(frozen=True)
class AnnotationPlan:
    """How a set is annotated; all of it can be sent to another machine.

    Attributes:
        teacher: Who writes the answers.
        validator: Who compares conclusions with reference answers where the rule cannot tell; None for the
            teacher or, where that is a checkpoint on this machine, for nobody; "rule" for nobody.
        strategy: The search that the teacher answers with; None for one call that asks for all stages.
        shows_reference: Whether the teacher sees the reference answer and the hints; None for yes, unless it
            is a checkpoint on this machine, of which the right answers among its own are kept.
        tries: How often a question is tried before it is refused.
        retries: How often a call is made before its error counts, with growing waits between.
        parameters: Parameters of the teacher's single calls, such as ``temperature``.
        seed: What the seeds of searches follow from.
        budget: How much may be spent.
        prices: What the models cost, by the role "teacher" or "validator".
    """

    teacher: ModelName
    validator: ModelName | str | None = None
    strategy: Strategy | None = None
    shows_reference: bool | None = None
    tries: int = 2
    retries: int = 6
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    budget: Budget = field(default_factory=Budget)
    prices: Mapping[str, Price] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the values."""
        for name, value in (("tries", self.tries), ("retries", self.retries)):
            if value < 1:
                raise ConfigurationError(f"{name} is {value}; give at least 1.")
        if isinstance(self.validator, str) and self.validator != RULE:
            raise ConfigurationError(
                f'The validator is {self.validator!r}; give a ModelName, "{RULE}", or None for the teacher.'
            )
        if self.budget.max_cost is not None and not self.prices:
            raise ConfigurationError(
                f"The budget is {self.budget.max_cost:g} in money, and there are no prices. Give those of "
                "the teacher and the validator."
            )

    @property
    def is_reference_shown(self) -> bool:
        """Whether the teacher sees the reference answer."""
        return not self.teacher.is_local if self.shows_reference is None else self.shows_reference

    @property
    def validating_model(self) -> ModelName | None:
        """Who is asked where the rule cannot tell."""
        if self.validator is None:
            return None if self.teacher.is_local else self.teacher
        return self.validator if isinstance(self.validator, ModelName) else None

    @property
    def search(self) -> Strategy | None:
        """The search that answers; checkpoints on this machine write stages without being asked to."""
        return Strategy(SINGLE_PASS) if self.strategy is None and self.teacher.is_local else self.strategy

    def describe(self) -> dict[str, Any]:
        """Return what all annotations of a folder have in common, as plain data."""
        validator, search = self.validating_model, self.search
        prompts = teacher_prompt("", " ") + validation_prompt("", "", "")
        return {
            "teacher": self.teacher.resolved,
            "validator": validator.resolved if validator else RULE,
            "search": search.search if search else None,
            "judge": search.judge if search else None,
            "settings": dict(search.settings) if search else {},
            "parameters": dict(self.parameters),
            "shows_reference": self.is_reference_shown,
            "seed": self.seed,
            "prompts": hashlib.sha256(prompts.encode()).hexdigest()[:16],
        }
