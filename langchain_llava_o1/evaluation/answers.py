"""Having a strategy answer the items of a benchmark, many at once: what came of each."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from langchain_llava_o1.data.annotation.spending import BudgetReached
from langchain_llava_o1.evaluation.benchmark import Benchmark
from langchain_llava_o1.evaluation.item import DamagedItemError, Grade, Item
from langchain_llava_o1.evaluation.outcome import Outcome
from langchain_llava_o1.judges.chat_model import name_of
from langchain_llava_o1.pictures.blocks import image_block
from langchain_llava_o1.report.result import SearchResult
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
        number: The item's number in the benchmark, which is also the seed of the sampling.
    """

    conversation: Sequence[BaseMessage]
    item: Item
    number: int


Answer = Callable[[Asked], Awaitable[Reply]]
"""Answers the question that a conversation ends in."""


@dataclass(frozen=True)
class Answered:
    """An item that was answered.

    Attributes:
        outcome: What came of it.
        result: How the answer came about; None where nobody says.
    """

    outcome: Outcome
    result: SearchResult | None


def create_answer(model: BaseChatModel, strategy: Strategy) -> Answer:
    """Build the function that answers questions with a strategy.

    Raises:
        ConfigurationError: If the strategy's parts do not go together.
    """
    built = strategy.build(model)
    graph = built.graph.compile()

    name = name_of(model)

    async def answer(asked: Asked) -> Reply:
        context = built.context.model_copy(update={"seed": asked.number, **AS_A_PROGRAM})
        state = await graph.ainvoke({"messages": list(asked.conversation)}, context=context)
        return Reply(state["messages"][-1], SearchResult.from_state(state, model_name=name))

    return answer


def question_of(item: Item) -> HumanMessage:
    """Return an item as a message: its pictures, then its question."""
    blocks = [image_block(picture) for picture in item.pictures]
    return HumanMessage([*blocks, {"type": "text", "text": item.question}])


async def warm_up(answer: Answer, benchmark: Benchmark, first: int) -> None:
    """Answer a question that does not count: the first call loads the checkpoint."""
    item = await asyncio.to_thread(benchmark.read_practice_item, first)
    await answer(Asked([question_of(item)], item, 0))


async def answer_items(
    answer: Answer,
    benchmark: Benchmark,
    numbers: Iterable[int],
    *,
    concurrency: int,
    report: Callable[[Answered], None],
    report_damage: Callable[[DamagedItemError], None],
    turns: int = 1,
) -> list[Outcome]:
    """Answer items of a benchmark, many at once; those that the budget has no more money for are left.

    Args:
        answer: Answers a question.
        benchmark: What is asked, and what grades the answers.
        numbers: Which items.
        concurrency: Questions under way at once.
        report: Called as each item is done.
        report_damage: Called for each item that cannot be read; the others go on.
        turns: Questions of a conversation, of which the last one is the item's.

    Raises:
        Exception: The first that reading, answering or grading an item raises, with a note of which item it
            was; the other answers are cancelled.
    """
    places = asyncio.Semaphore(concurrency)

    async def run(number: int) -> Outcome | None:
        async with places:
            try:
                item = await asyncio.to_thread(benchmark.read_item, number)
            except DamagedItemError as damage:
                report_damage(damage)
                return None
            try:
                answered = await _answer_item(answer, benchmark, item, number, turns)
            except BudgetReached:
                return None
        report(answered)
        return answered.outcome

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run(number)) for number in numbers]
    except ExceptionGroup as failures:
        failure = failures.exceptions[0]
    else:
        return [outcome for outcome in (task.result() for task in tasks) if outcome is not None]
    # Raised here, where the group is no longer under way, the failure keeps the cause that it has.
    raise failure


async def _answer_item(answer: Answer, benchmark: Benchmark, item: Item, number: int, turns: int) -> Answered:
    conversation: list[BaseMessage] = []
    replies: list[Reply] = []
    try:
        earlier = await asyncio.to_thread(benchmark.read_earlier_questions, number, turns - 1)
        for question in (*earlier, item.question):
            asked = replace(item, question=question)
            conversation.append(HumanMessage(question) if conversation else question_of(asked))
            replies.append(await answer(Asked(conversation, asked, number)))
            conversation.append(replies[-1].message)
        conclusion = str(replies[-1].message.text)
        # Nobody needs to be asked what nothing is worth.
        grade = await benchmark.grade(item, conclusion) if conclusion.strip() else Grade(0.0, by="nobody")
    except Exception as error:
        error.add_note(f"Raised by item {item.id} (number {number}) of {benchmark}.")
        raise
    usages = [usage for reply in replies if (usage := reply.message.usage_metadata)]
    outcome = Outcome(
        number=number,
        id=item.id,
        kind=item.kind,
        conclusion=conclusion,
        score=grade.score,
        input_tokens=sum(usage["input_tokens"] for usage in usages),
        output_tokens=sum(usage["output_tokens"] for usage in usages),
        skill=item.skill,
        unit=item.unit,
        read=grade.read,
        graded_by=grade.by,
        told=grade.told,
        sources=tuple(item.sources),
    )
    return Answered(outcome, replies[-1].result)
