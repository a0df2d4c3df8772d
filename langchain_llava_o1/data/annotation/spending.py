"""What calls of models take: tokens and money, and how much of both may be spent."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

from langchain_llava_o1.errors import ConfigurationError

TOKENS_PER_PICTURE = 1000
"""About what hosted models count for a picture; used before any call has told."""

_CHARACTERS_PER_TOKEN = 4
_TOKENS_OF_A_PRICE = 1_000_000


@dataclass(frozen=True)
class Price:
    """What a model costs, in any currency, per million tokens.

    Attributes:
        input: For tokens read.
        output: For tokens generated.
    """

    input: float = 0.0
    output: float = 0.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not all(math.isfinite(value) and value >= 0 for value in (self.input, self.output)):
            raise ConfigurationError(
                f"A price is {self.input} and {self.output}; give two numbers from 0 up, for a million "
                "tokens read and a million generated."
            )


@dataclass(frozen=True)
class Budget:
    """How much may be spent on a folder, by all starts together.

    Attributes:
        max_tokens: Most tokens, read and generated; None for any number.
        max_cost: Most money, in the currency of the prices; None for any sum.
    """

    max_tokens: int | None = None
    max_cost: float | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name, value in (("max_tokens", self.max_tokens), ("max_cost", self.max_cost)):
            if value is not None and not value > 0:
                raise ConfigurationError(f"The budget's {name} is {value}; give a number above 0.")


@dataclass(frozen=True)
class Usage:
    """What calls took.

    Attributes:
        num_calls: How many there were.
        input_tokens: Tokens read.
        output_tokens: Tokens generated.
    """

    num_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        """Add up."""
        return Usage(
            self.num_calls + other.num_calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
        )

    @property
    def tokens(self) -> int:
        """Tokens read and generated."""
        return self.input_tokens + self.output_tokens

    def cost(self, price: Price) -> float:
        """Return what that costs."""
        return (self.input_tokens * price.input + self.output_tokens * price.output) / _TOKENS_OF_A_PRICE


class BudgetReached(Exception):
    """No further call may be made."""


@dataclass
class Spending:
    """What was spent, by the role of the model that was asked.

    Attributes:
        budget: How much may be spent.
        prices: What each role's model costs; nothing where it is not named.
        used: What was used so far, by role.
        is_reached: Whether a call was refused for want of budget.
    """

    budget: Budget = field(default_factory=Budget)
    prices: Mapping[str, Price] = field(default_factory=dict)
    used: dict[str, Usage] = field(default_factory=dict)
    is_reached: bool = False
    _under_way: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> Usage:
        """What all models used."""
        return sum(self.used.values(), Usage())

    @property
    def cost(self) -> float:
        """What that costs."""
        return sum(usage.cost(self.prices.get(role, Price())) for role, usage in self.used.items())

    def begin(self, role: str, expected: Usage) -> None:
        """Count a call as under way.

        Args:
            role: Whose call it is.
            expected: What it is likely to take, where no call of this role was made before.

        Raises:
            BudgetReached: If it, with the calls under way, is likely to pass the budget; each is taken to
                need what the calls of its role took on average.
        """
        under_way = {**self._under_way, role: self._under_way.get(role, 0) + 1}
        tokens, cost = self.total.tokens, self.cost
        for each, number in under_way.items():
            mean = self._mean(each) or expected
            tokens += mean.tokens * number
            cost += mean.cost(self.prices.get(each, Price())) * number
        limits = self.budget
        if (limits.max_tokens is not None and tokens > limits.max_tokens) or (
            limits.max_cost is not None and cost > limits.max_cost
        ):
            self.is_reached = True
            raise BudgetReached
        self._under_way = under_way

    def num_affordable(self, wanted: int, num_done: int) -> int:
        """Return how many more questions the budget allows, at most ``wanted``.

        Args:
            wanted: How many are to be asked.
            num_done: How many what was spent so far is for.
        """
        rates = [
            (self.budget.max_tokens, self.total.tokens / num_done),
            (self.budget.max_cost, self.cost / num_done),
        ]
        spent = [(limit, rate) for limit, rate in rates if limit is not None and rate > 0]
        return max(0, min([wanted, *(int(limit / rate) - num_done for limit, rate in spent)]))

    def end(self, role: str) -> None:
        """Count a call as over, whatever came of it."""
        self._under_way[role] -= 1

    def add(self, role: str, usage: Usage) -> None:
        """Count what a call took."""
        self.used[role] = self.used.get(role, Usage()) + usage

    def _mean(self, role: str) -> Usage | None:
        used = self.used.get(role)
        if used is None or not used.num_calls:
            return None
        return Usage(1, used.input_tokens // used.num_calls, used.output_tokens // used.num_calls)


def usage_of(prompt: list[BaseMessage], reply: AIMessage) -> Usage:
    """Return what a call took, as its model says; where it says nothing, what texts of that size take."""
    told = reply.usage_metadata
    if told:
        return Usage(1, told["input_tokens"], told["output_tokens"])
    return Usage(1, estimate_tokens(prompt), estimate_tokens([reply]))


def estimate_tokens(messages: list[Any]) -> int:
    """Return about how many tokens messages have: 4 characters each, and 1000 for a picture."""
    num_characters = sum(len(str(message.text)) for message in messages)
    num_pictures = sum(
        isinstance(block, dict) and str(block.get("type", "")).startswith("image")
        for message in messages
        if isinstance(message.content, list)
        for block in message.content
    )
    return math.ceil(num_characters / _CHARACTERS_PER_TOKEN) + TOKENS_PER_PICTURE * num_pictures
