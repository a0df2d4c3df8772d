"""A judge that writes: a chat model gives a reason and a choice."""

import asyncio
from dataclasses import dataclass, replace

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import RunnableConfig

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.asking import aask, ask
from langchain_llava_o1.judges.chat_model import ChatModel
from langchain_llava_o1.judges.judge import Comparison, PairwiseJudge
from langchain_llava_o1.judges.usage import total_usage
from langchain_llava_o1.judges.verdict import Choice, Verdict, read_check, read_verdict
from langchain_llava_o1.staging.parts.part import Part
from langchain_llava_o1.staging.prompts import check_prompt, comparison_prompt


@dataclass(frozen=True)
class GenerativeJudge(PairwiseJudge):
    """Ask a chat model, at temperature 0, which of two candidates is better.

    The prompt begins as the answer's own does, so that an engine can share that prefix.

    Attributes:
        model: Any LangChain chat model that sees the question's images.
        max_tokens: Most tokens of a verdict.
        with_reason: Ask for a reason before the choice, or for the choice alone.
        with_check: Where a part is to be checked, look at each candidate alone first: if just one of the two
            is found correct, it wins, as in the published judge of reasonings. Two calls more for each of
            those matches.
    """

    model: ChatModel
    max_tokens: int = 512
    with_reason: bool = True
    with_check: bool = False

    def __post_init__(self) -> None:
        """Check the limit."""
        if self.max_tokens < 1:
            raise ConfigurationError(f"max_tokens of a verdict is {self.max_tokens}; give at least 1.")

    def compare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates in the order given."""
        checks = [self._ask(prompt, config) for prompt in self._check_prompts(comparison)]
        found = _decide_by_checks(checks)
        return found or _add_checks(_read(self._ask(self._prompt(comparison), config)), checks)

    async def acompare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates in the order given, without blocking the event loop."""
        prompts = self._check_prompts(comparison)
        checks = await asyncio.gather(*(self._aask(prompt, config) for prompt in prompts))
        found = _decide_by_checks(checks)
        return found or _add_checks(_read(await self._aask(self._prompt(comparison), config)), checks)

    def most_calls(self, part: Part) -> int:
        """Return the most model calls that a comparison takes."""
        return 3 if self._checks(part) else 1

    def _checks(self, part: Part) -> bool:
        return self.with_check and part.is_checked

    def _ask(self, prompt: list[BaseMessage], config: RunnableConfig | None) -> AIMessage:
        return ask(self.model, prompt, config, max_tokens=self.max_tokens)

    async def _aask(self, prompt: list[BaseMessage], config: RunnableConfig | None) -> AIMessage:
        return await aask(self.model, prompt, config, max_tokens=self.max_tokens)

    def _prompt(self, comparison: Comparison) -> list[BaseMessage]:
        instruction = comparison_prompt(
            comparison.part, comparison.first, comparison.second, with_reason=self.with_reason
        )
        return [*comparison.prompt, HumanMessage(instruction)]

    def _check_prompts(self, comparison: Comparison) -> list[list[BaseMessage]]:
        if not self._checks(comparison.part):
            return []
        texts = (comparison.first, comparison.second)
        return [[*comparison.prompt, HumanMessage(check_prompt(comparison.part, text))] for text in texts]


def _read(reply: AIMessage) -> Verdict:
    return read_verdict(str(reply.text), reply.usage_metadata)


def _decide_by_checks(checks: "list[AIMessage]") -> Verdict | None:
    """Choose the candidate that is correct if the other one is not."""
    found = [read_check(str(check.text)) for check in checks]
    if set(found) != {True, False}:
        return None
    text = "\n\n".join(str(check.text) for check in checks)
    choice: Choice = 1 if found[0] else 2
    reason = f"Looked at alone, only this one is correct. {checks[choice - 1].text}"
    return Verdict(
        text, choice, reason, total_usage(check.usage_metadata for check in checks), num_calls=len(checks)
    )


def _add_checks(verdict: Verdict, checks: "list[AIMessage]") -> Verdict:
    if not checks:
        return verdict
    text = "\n\n".join([*(str(check.text) for check in checks), verdict.text])
    usage = total_usage([*(check.usage_metadata for check in checks), verdict.usage])
    return replace(verdict, text=text, usage=usage, num_calls=verdict.num_calls + len(checks))
