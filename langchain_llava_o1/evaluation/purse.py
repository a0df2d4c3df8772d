"""What answering may cost: no further question is begun that is likely to pass it."""

import asyncio
from collections.abc import Iterable

from langchain_llava_o1.data.annotation.spending import Spending, Usage, estimate_tokens, usage_of
from langchain_llava_o1.evaluation.answers import Answer, Asked, Reply
from langchain_llava_o1.evaluation.outcome import Outcome, Replied

ANSWERING = "model"
"""The role of the model that answers, for prices."""


class Purse:
    """Counts what answers take, and refuses further ones once the budget is reached.

    Attributes:
        spending: What is spent, by role.
    """

    def __init__(self, spending: Spending) -> None:
        """Take what counts."""
        self.spending = spending

    @property
    def is_empty(self) -> bool:
        """Whether a call was refused for want of money."""
        return self.spending.is_reached

    def count(self, answers: Iterable[Replied | Outcome]) -> None:
        """Count answers of earlier starts."""
        for answer in answers:
            self.spending.add(ANSWERING, Usage(1, answer.input_tokens, answer.output_tokens))

    def paying(self, answer: Answer, name: str) -> Answer:
        """Return what answers for as long as there is money.

        It raises ``BudgetReached`` where there is none. What an answer takes is told by those before it:
        within a budget, the first one is waited for before others begin.

        Args:
            answer: Answers a question.
            name: What answers. Each name has a mean of its own, since a search may take many times as much as
                another one.
        """
        role, spending = f"{ANSWERING}: {name}", self.spending
        if ANSWERING in spending.prices:
            spending.prices = {**spending.prices, role: spending.prices[ANSWERING]}
        first = asyncio.Lock()

        async def pay(asked: Asked) -> Reply:
            prompt = list(asked.conversation)
            spending.begin(role, Usage(1, estimate_tokens(prompt), 0))
            try:
                reply = await answer(asked)
            finally:
                spending.end(role)
            spending.add(role, usage_of(prompt, reply.message))
            return reply

        async def pay_in_turn(asked: Asked) -> Reply:
            async with first:
                if role not in spending.used:
                    return await pay(asked)
            return await pay(asked)

        return pay if spending.budget.max_cost is None else pay_in_turn
