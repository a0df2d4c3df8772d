"""A judge that thinks and boxes its choice: a chat model that was trained as a critic."""

from dataclasses import dataclass

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.asking import aask, ask
from langchain_llava_o1.judges.boxed_verdict import read_boxed_verdict
from langchain_llava_o1.judges.chat_model import ChatModel
from langchain_llava_o1.judges.judge import Comparison, PairwiseJudge
from langchain_llava_o1.judges.verdict import Verdict
from langchain_llava_o1.staging.prompts import critic_prompt


@dataclass(frozen=True)
class CriticJudge(PairwiseJudge):
    r"""Ask a critic, at temperature 0, which of two candidates is better; it boxes 1 or 2.

    For chat models that were trained to think between ``<think>`` and ``</think>`` and to end in
    ``\boxed{1}`` or ``\boxed{2}``, such as LLaVA-Critic-R1 (arXiv 2509.00676) behind a server. All is
    asked in one turn: images, question, what the candidates go on from, and both of them.

    Attributes:
        model: Any LangChain chat model that sees the question's images.
        max_tokens: Most tokens of a verdict, its thoughts among them.
    """

    model: ChatModel
    max_tokens: int = 1024

    def __post_init__(self) -> None:
        """Check the limit."""
        if self.max_tokens < 1:
            raise ConfigurationError(f"max_tokens of a verdict is {self.max_tokens}; give at least 1.")

    def compare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates in the order given."""
        return _read(ask(self.model, _prompt(comparison), config, max_tokens=self.max_tokens))

    async def acompare(self, comparison: Comparison, config: RunnableConfig | None = None) -> Verdict:
        """Judge two candidates in the order given, without blocking the event loop."""
        return _read(await aask(self.model, _prompt(comparison), config, max_tokens=self.max_tokens))


def _read(reply: AIMessage) -> Verdict:
    return read_boxed_verdict(str(reply.text), reply.usage_metadata)


def _prompt(comparison: Comparison) -> list[BaseMessage]:
    *asked, last = comparison.prompt
    is_begun = isinstance(last, AIMessage)
    question = [
        message
        for message in (asked if is_begun else comparison.prompt)
        if not isinstance(message, SystemMessage)
    ]
    blocks = [
        block
        for message in question
        if isinstance(message.content, list)
        for block in message.content
        if isinstance(block, dict) and block.get("type") != "text"
    ]
    text = critic_prompt(
        comparison.part,
        "\n\n".join(str(message.text) for message in question),
        str(last.text) if is_begun else "",
        comparison.first,
        comparison.second,
    )
    return [HumanMessage([*blocks, {"type": "text", "text": text}] if blocks else text)]
