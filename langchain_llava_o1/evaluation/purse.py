"""What answering may cost: no further question is begun once that is spent."""

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

    def paying(self, answer: Answer) -> Answer:
        """Return what answers for as long as there is money.

        It raises ``BudgetReached`` where there is none.
        """

        async def pay(asked: Asked) -> Reply:
            prompt = list(asked.conversation)
            self.spending.begin(ANSWERING, Usage(1, estimate_tokens(prompt), 0))
            try:
                reply = await answer(asked)
            finally:
                self.spending.end(ANSWERING)
            self.spending.add(ANSWERING, usage_of(prompt, reply.message))
            return reply

        return pay
