"""Having a strategy answer the items of a benchmark, many at once: what came of each."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from langchain_llava_o1.evaluation.benchmark import Benchmark, Item
from langchain_llava_o1.pictures.blocks import image_block
from langchain_llava_o1.search.settings import AS_A_PROGRAM
from langchain_llava_o1.search.strategy import Strategy

Answer = Callable[[Sequence[BaseMessage], int], Awaitable[AIMessage]]
"""Answers the question that a conversation ends in, with a seed; the reply's content is the conclusion."""


@dataclass(frozen=True)
class Outcome:
    """What came of one item; ``number`` is its number in the benchmark."""

    number: int
    kind: str
    conclusion: str
    is_correct: bool
    input_tokens: int
    output_tokens: int
    skill: str = ""


def create_answer(model: BaseChatModel, strategy: Strategy) -> Answer:
    """Build the function that answers questions with a strategy.

    Raises:
        ConfigurationError: If the strategy's parts do not go together.
    """
    built = strategy.build(model)
    graph = built.graph.compile()

    async def answer(conversation: Sequence[BaseMessage], seed: int) -> AIMessage:
        context = built.context.model_copy(update={"seed": seed, **AS_A_PROGRAM})
        state = await graph.ainvoke({"messages": list(conversation)}, context=context)
        reply = state["messages"][-1]
        assert isinstance(reply, AIMessage), "a search appends its answer"
        return reply

    return answer


def question_of(item: Item) -> HumanMessage:
    """Return an item as a message: its pictures, then its question."""
    blocks = [image_block(picture) for picture in item.pictures]
    return HumanMessage([*blocks, {"type": "text", "text": item.question}])


async def warm_up(answer: Answer, benchmark: Benchmark, first: int) -> None:
    """Answer a question that does not count: the first call loads the checkpoint."""
    await answer([question_of(await asyncio.to_thread(benchmark.read_practice_item, first))], 0)


async def answer_items(
    answer: Answer,
    benchmark: Benchmark,
    numbers: Iterable[int],
    *,
    concurrency: int,
    report_outcome: Callable[[Outcome], None],
    turns: int = 1,
) -> list[Outcome]:
    """Answer items of a benchmark, many at once.

    Args:
        answer: Answers a question with a seed: the item's number.
        benchmark: What is asked, and what grades the answers.
        numbers: Which items.
        concurrency: Questions under way at once.
        report_outcome: Called as each item is done.
        turns: Questions of a conversation, of which the last one is the item's.

    Raises:
        Exception: The first that reading, answering or grading an item raises, with a note of which item it
            was; the other answers are cancelled.
    """
    places = asyncio.Semaphore(concurrency)

    async def run(number: int) -> Outcome:
        async with places:
            outcome = await _answer_item(answer, benchmark, number, turns)
        report_outcome(outcome)
        return outcome

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run(number)) for number in numbers]
    except ExceptionGroup as failures:
        failure = failures.exceptions[0]
    else:
        return [task.result() for task in tasks]
    # Raised here, where the group is no longer under way, the failure keeps the cause that it has.
    raise failure


async def _answer_item(answer: Answer, benchmark: Benchmark, number: int, turns: int) -> Outcome:
    item = await asyncio.to_thread(benchmark.read_item, number)
    conversation: list[BaseMessage] = []
    replies: list[AIMessage] = []
    try:
        earlier = await asyncio.to_thread(benchmark.read_earlier_questions, number, turns - 1)
        for question in (*earlier, item.question):
            asked = replace(item, question=question)
            conversation.append(HumanMessage(question) if conversation else question_of(asked))
            replies.append(await answer(conversation, number))
            conversation.append(replies[-1])
        conclusion = str(replies[-1].text)
        is_correct = await benchmark.grade(item, conclusion)
    except Exception as error:
        error.add_note(f"Raised by item {item.id} (number {number}) of {benchmark}.")
        raise
    usages = [reply.usage_metadata for reply in replies if reply.usage_metadata]
    return Outcome(
        number=number,
        kind=item.kind,
        conclusion=conclusion,
        is_correct=is_correct,
        input_tokens=sum(usage["input_tokens"] for usage in usages),
        output_tokens=sum(usage["output_tokens"] for usage in usages),
        skill=item.skill,
    )
