"""Having a strategy answer the items of a benchmark, many at once: what came of each."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from langchain_core.exceptions import ModelInvalidRequestError, ModelRefusalError
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from langchain_llava_o1.chat.local_engine import LocalEngineModel
from langchain_llava_o1.data.annotation.spending import BudgetReached
from langchain_llava_o1.evaluation.benchmark import Benchmark
from langchain_llava_o1.evaluation.item import DamagedItemError, Grade, Item
from langchain_llava_o1.evaluation.outcome import Outcome, Replied
from langchain_llava_o1.judges.chat_model import name_of
from langchain_llava_o1.pictures.blocks import image_block
from langchain_llava_o1.report.result import SearchResult
from langchain_llava_o1.search.seeds import derive_seed
from langchain_llava_o1.search.settings import AS_A_PROGRAM
from langchain_llava_o1.search.strategy import Strategy


class Reply(NamedTuple):
    """An answer to a conversation.

    Attributes:
        message: Its content is the conclusion.
        result: How it came about; None where nobody says.
    """

    message: AIMessage
    result: SearchResult | None = None


class Asked(NamedTuple):
    """What is to be answered.

    Attributes:
        conversation: Ends in the question.
        item: What the conversation is about.
        number: The item's number in the benchmark, from which the seed of the sampling is derived.
    """

    conversation: Sequence[BaseMessage]
    item: Item
    number: int


Answer = Callable[[Asked], Awaitable[Reply]]
"""Answers the question that a conversation ends in."""


class Replies(Protocol):
    """Where replies are kept from when they come until they are graded, so that none is asked for twice."""

    def find(self, number: int) -> Replied | None:
        """Return the reply to an item that an earlier run did not come to grade; None where there is none."""

    def keep(self, replied: Replied, result: SearchResult | None) -> None:
        """Keep a reply, and how it came about where somebody says so."""


class ForgottenReplies(Replies):
    """Keeps none."""

    def find(self, number: int) -> Replied | None:
        """Return None."""
        return None

    def keep(self, replied: Replied, result: SearchResult | None) -> None:
        """Do nothing."""


def create_answer(model: BaseChatModel, strategy: Strategy) -> Answer:
    """Build the function that answers questions with a strategy.

    Raises:
        ConfigurationError: If the strategy's parts do not go together.
    """
    built = strategy.build(model)
    graph = built.graph.compile()
    name = name_of(model)

    async def answer(asked: Asked) -> Reply:
        context = built.context.model_copy(
            update={"seed": seed_of(asked, built.context.seed), **AS_A_PROGRAM}
        )
        state = await graph.ainvoke({"messages": list(asked.conversation)}, context=context)
        return Reply(state["messages"][-1], SearchResult.from_state(state, model_name=name))

    return answer


def seed_of(asked: Asked, sampling_seed: int | None) -> int:
    """Return what an item's sampling is seeded with.

    That is its number or, where the run has a seed of its own, one derived from both: another one samples all
    items anew.
    """
    return asked.number if sampling_seed is None else derive_seed(sampling_seed, asked.number)


def question_of(item: Item) -> HumanMessage:
    """Return an item as a message: its pictures, then its question."""
    blocks = [image_block(picture) for picture in item.pictures]
    return HumanMessage([*blocks, {"type": "text", "text": item.question}])


async def warm_up(model: BaseChatModel, answer: Answer, benchmark: Benchmark, first: int) -> None:
    """Have a model of this machine answer a question that does not count: the first call loads it.

    A hosted one has nothing to load, and its answer would be paid for.
    """
    if isinstance(model, LocalEngineModel):
        item = await asyncio.to_thread(benchmark.read_practice_item, first)
        await answer(Asked([question_of(item)], item, 0))


async def answer_items(
    answer: Answer,
    benchmark: Benchmark,
    numbers: Iterable[int],
    *,
    concurrency: int,
    report: Callable[[Outcome], None],
    report_damage: Callable[[DamagedItemError], None],
    turns: int = 1,
    replies: Replies | None = None,
    num_answered: int = 0,
) -> list[Outcome]:
    """Answer items of a benchmark, many at once; those that the budget has no more money for are left.

    A question that the model refuses, such as one that its provider's filter stops, counts as wrong, if the
    model answers any other, or has answered as many before as it refuses now.

    Args:
        answer: Answers a question.
        benchmark: What is asked, and what grades the answers.
        numbers: Which items.
        concurrency: Questions under way at once.
        report: Called as each item is done.
        report_damage: Called for each item that cannot be read; the others go on.
        turns: Questions of a conversation, of which the last one is the item's.
        replies: Where replies are kept until they are graded, and where those of earlier runs are; None keeps
            none.
        num_answered: How many other items of the benchmark earlier runs have the model's answers to.

    Raises:
        Exception: The first that reading, answering or grading an item raises, with a note of which item it
            was. No further item is begun, and those under way are finished.
    """
    places = asyncio.Semaphore(concurrency)
    asking = _Asking(answer, benchmark, turns, ForgottenReplies() if replies is None else replies)
    outcomes: dict[int, Outcome] = {}
    refused: list[_Refused] = []
    failures: list[Exception] = []

    def keep(outcome: Outcome) -> None:
        outcomes[outcome.number] = outcome
        report(outcome)

    async def run(number: int) -> None:
        async with places:
            if failures:
                return
            try:
                item = await asyncio.to_thread(benchmark.read_item, number)
                try:
                    keep(await asking.answer(item, number))
                except (ModelInvalidRequestError, ModelRefusalError) as error:
                    refused.append(_Refused(item, number, error))
            except DamagedItemError as damage:
                report_damage(damage)
            except BudgetReached:
                return
            except Exception as error:
                failures.append(error)

    numbers = list(numbers)
    async with asyncio.TaskGroup() as group:
        for number in numbers:
            group.create_task(run(number))
    if outcomes or num_answered >= len(refused):
        for each in refused:
            keep(each.outcome())
    else:
        # What refuses every question refuses how it is asked.
        failures.append(refused[0].error)
    if failures:
        raise failures[0]
    return [outcomes[number] for number in numbers if number in outcomes]


class _Refused(NamedTuple):
    """An item that the model refused to answer."""

    item: Item
    number: int
    error: Exception

    def outcome(self) -> Outcome:
        """Count it as wrong, and as answered with nothing."""
        told = f"The model refused the question: {self.error}"
        return _count(self.item, Replied(self.number, "", 0, 0), Grade(0.0, by="nobody", told=told))


@dataclass(frozen=True)
class _Asking:
    """How items are answered and graded."""

    ask: Answer
    benchmark: Benchmark
    turns: int
    replies: Replies

    async def answer(self, item: Item, number: int) -> Outcome:
        """Answer an item, unless an earlier run did, and grade it."""
        try:
            replied = self.replies.find(number) or await self._reply(item, number)
            # Nobody needs to be asked what nothing is worth.
            is_empty = not replied.conclusion.strip()
            grade = (
                Grade(0.0, by="nobody") if is_empty else await self.benchmark.grade(item, replied.conclusion)
            )
        except Exception as error:
            error.add_note(f"Raised by item {item.id} (number {number}) of {self.benchmark}.")
            raise
        return _count(item, replied, grade)

    async def _reply(self, item: Item, number: int) -> Replied:
        conversation: list[BaseMessage] = []
        replies: list[Reply] = []
        earlier = await asyncio.to_thread(self.benchmark.read_earlier_questions, number, self.turns - 1)
        for question in (*earlier, item.question):
            asked = replace(item, question=question)
            conversation.append(HumanMessage(question) if conversation else question_of(asked))
            replies.append(await self.ask(Asked(conversation, asked, number)))
            conversation.append(replies[-1].message)
        usages = [usage for reply in replies if (usage := reply.message.usage_metadata)]
        replied = Replied(
            number,
            conclusion=str(replies[-1].message.text),
            input_tokens=sum(usage["input_tokens"] for usage in usages),
            output_tokens=sum(usage["output_tokens"] for usage in usages),
        )
        self.replies.keep(replied, replies[-1].result)
        return replied


def _count(item: Item, replied: Replied, grade: Grade) -> Outcome:
    """Say what came of an item."""
    return Outcome(
        **replied.as_json(),
        id=item.id,
        kind=item.kind,
        score=grade.score,
        skill=item.skill,
        unit=item.unit,
        unit_items=item.unit_items,
        read=grade.read,
        graded_by=grade.by,
        told=grade.told,
        sources=tuple(item.sources),
    )
