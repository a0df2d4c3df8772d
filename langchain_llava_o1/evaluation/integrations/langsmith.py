"""Benchmarks as LangSmith datasets, and what ``aevaluate`` and ``evaluate`` ask and grade them with.

Each question is an example with its pictures as attachments. A search answers it, the benchmark grades it.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage

from langchain_llava_o1.drawn.items import Item as DrawnItem
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.benchmark import Benchmark, describe_benchmark
from langchain_llava_o1.evaluation.integrations.searcher import create_searcher
from langchain_llava_o1.evaluation.item import DamagedItemError, Item
from langchain_llava_o1.pictures.blocks import bytes_of, image_block
from langchain_llava_o1.search.strategy import Strategy

if TYPE_CHECKING:
    from langsmith import Client
    from langsmith.schemas import AttachmentInfo, Dataset, Example, Run

Target = Callable[
    [dict[str, Any], "Mapping[str, AttachmentInfo]", Mapping[str, Any]], Coroutine[Any, Any, dict[str, Any]]
]
"""Answers an example: its inputs, its attachments and its metadata."""

SyncTarget = Callable[[dict[str, Any], "Mapping[str, AttachmentInfo]", Mapping[str, Any]], dict[str, Any]]
"""The same, and waits for the answer."""

Evaluator = Callable[["Run", "Example"], Coroutine[Any, Any, dict[str, Any]]]
"""Grades what came of an example."""

SyncEvaluator = Callable[["Run", "Example"], dict[str, Any]]
"""The same, and waits for the grade."""

_EXAMPLES_PER_REQUEST = 20


def to_langsmith(
    benchmark: Benchmark,
    client: "Client",
    *,
    dataset_name: str,
    items: int,
    seed: int = 0,
    report_damage: Callable[[DamagedItemError], None] = lambda damage: None,
) -> "Dataset":
    """Make a LangSmith dataset of the items of a benchmark.

    An example's inputs are the ``question`` and the names of its ``pictures``, in order, which are its
    attachments. Its metadata say which item of which benchmark it is. What the benchmark grades by, such as
    the right answer, is the ``reference`` in the reference outputs; ``create_evaluator`` does not need it.

    Args:
        benchmark: What is asked.
        client: Where the dataset is made.
        dataset_name: What it is called; there must be none of this name.
        items: How many items.
        seed: First item.
        report_damage: Called for each item that cannot be read; it is left out.

    Raises:
        ConfigurationError: If the benchmark has too few items.
        langsmith.utils.LangSmithError: If the service refuses the dataset.
    """
    numbers = benchmark.numbers(seed, items)
    dataset = client.create_dataset(dataset_name, description=f"{benchmark}, items from {seed} on")
    for batch in _batches(benchmark, numbers, report_damage):
        client.create_examples(dataset_id=dataset.id, examples=batch)
    return dataset


def create_target(model: BaseChatModel, strategy: Strategy) -> Target:
    """Return the function that ``langsmith.aevaluate`` has answer the examples of ``to_langsmith``.

    It returns the ``conclusion`` and the search's whole ``record``; the sampling's seed is the item's number.

    Args:
        model: The chat model that answers and, in a search, judges.
        strategy: How each question is answered.

    Raises:
        ConfigurationError: If the strategy's parts do not go together.
    """
    search = create_searcher(model, strategy)

    async def answer(
        inputs: dict[str, Any], attachments: "Mapping[str, AttachmentInfo]", metadata: Mapping[str, Any]
    ) -> dict[str, Any]:
        blocks = [image_block(attachments[name]["reader"].read()) for name in inputs["pictures"]]
        question = HumanMessage([*blocks, {"type": "text", "text": inputs["question"]}])
        result = await search([question], metadata["number"])
        return {"conclusion": result.answer, "record": result.to_record()}

    return answer


def create_sync_target(model: BaseChatModel, strategy: Strategy) -> SyncTarget:
    """Return ``create_target``'s function as ``langsmith.evaluate`` takes it.

    Args:
        model: The chat model that answers and, in a search, judges.
        strategy: How each question is answered.

    Raises:
        ConfigurationError: If the strategy's parts do not go together.
    """
    target = create_target(model, strategy)
    loop = _BackgroundLoop()

    def answer(
        inputs: dict[str, Any], attachments: "Mapping[str, AttachmentInfo]", metadata: Mapping[str, Any]
    ) -> dict[str, Any]:
        return loop.wait_for(target(inputs, attachments, metadata))

    return answer


def create_evaluator(benchmark: Benchmark) -> Evaluator:
    """Return the function that grades the answers of ``create_target`` as the benchmark does.

    Its feedback has the key "score", from 0 to 1; the comment says what was read out of the conclusion and
    what a grader wrote. Where there is no answer, since the target failed, there is no score.

    Args:
        benchmark: The one that the dataset was made of, with the same options.
    """

    async def grade(run: "Run", example: "Example") -> dict[str, Any]:
        metadata = example.metadata or {}
        _check_origin(benchmark, metadata)
        if not run.outputs or "conclusion" not in run.outputs:
            return {"key": "score", "score": None, "comment": f"There is no answer: {run.error}"}
        item = benchmark.read_item(metadata["number"])
        found = await benchmark.grade(item, run.outputs["conclusion"])
        comment = "\n".join(filter(None, [f"read: {found.read!r}, by {found.by}", found.told]))
        return {"key": "score", "score": found.score, "comment": comment}

    return grade


def create_sync_evaluator(benchmark: Benchmark) -> SyncEvaluator:
    """Return ``create_evaluator``'s function as ``langsmith.evaluate`` takes it.

    Args:
        benchmark: The one that the dataset was made of, with the same options.
    """
    evaluator = create_evaluator(benchmark)
    loop = _BackgroundLoop()

    def grade(run: "Run", example: "Example") -> dict[str, Any]:
        return loop.wait_for(evaluator(run, example))

    return grade


class _BackgroundLoop:
    """An event loop in a thread of its own.

    Models keep connections open, which belong to a loop, so that all calls need the same one.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def wait_for(self, awaited: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
        return asyncio.run_coroutine_threadsafe(awaited, self._loop).result()


def _batches(
    benchmark: Benchmark, numbers: Sequence[int], report_damage: Callable[[DamagedItemError], None]
) -> Iterator[list[dict[str, Any]]]:
    """Write examples, a few at a time, so that not all pictures are in memory at once."""
    batch: list[dict[str, Any]] = []
    for number in numbers:
        try:
            batch.append(_write_example(benchmark, benchmark.read_item(number), number))
        except DamagedItemError as damage:
            report_damage(damage)
        if len(batch) == _EXAMPLES_PER_REQUEST:
            yield batch
            batch = []
    if batch:
        yield batch


def _write_example(benchmark: Benchmark, item: Item, number: int) -> dict[str, Any]:
    blocks = {f"picture-{place}": image_block(data) for place, data in enumerate(item.pictures, 1)}
    return {
        "inputs": {"question": item.question, "pictures": list(blocks)},
        "reference_outputs": {"reference": _write_reference(item.reference)},
        "attachments": {
            name: {"mime_type": block["mime_type"], "data": bytes_of(block)} for name, block in blocks.items()
        },
        "metadata": {
            "benchmark": benchmark.name,
            "options": benchmark.options,
            "number": number,
            "item": item.id,
            "kind": item.kind,
            "skill": item.skill,
            "unit": item.unit,
        },
    }


def _write_reference(reference: Any) -> Any:
    """Write what a benchmark grades by as plain JSON data; of a drawn item, its right answer."""
    if isinstance(reference, DrawnItem):
        return reference.answer
    if is_dataclass(reference) and not isinstance(reference, type):
        return {field.name: _write_reference(getattr(reference, field.name)) for field in fields(reference)}
    if isinstance(reference, Mapping):
        return {str(key): _write_reference(value) for key, value in reference.items()}
    if isinstance(reference, list | tuple):
        return [_write_reference(value) for value in reference]
    return reference if reference is None or isinstance(reference, str | int | float) else str(reference)


def _check_origin(benchmark: Benchmark, metadata: Mapping[str, Any]) -> None:
    if (metadata.get("benchmark"), metadata.get("options")) != (benchmark.name, benchmark.options):
        origin = describe_benchmark(str(metadata.get("benchmark")), metadata.get("options") or {})
        raise ConfigurationError(
            f"The example is of {origin}, and the evaluator grades {benchmark}. Give create_evaluator the "
            "benchmark that to_langsmith made the dataset of."
        )
