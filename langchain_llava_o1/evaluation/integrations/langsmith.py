"""Benchmarks as LangSmith datasets, and what ``langsmith.aevaluate`` asks and grades them with.

Each question is an example with its pictures as attachments. A search answers it, the benchmark grades it.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage

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
    [dict[str, Any], "Mapping[str, AttachmentInfo]", Mapping[str, Any]], Awaitable[dict[str, Any]]
]
"""Answers an example: its inputs, its attachments and its metadata."""

Evaluator = Callable[["Run", "Example"], Awaitable[dict[str, Any]]]
"""Grades what came of an example."""

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
    attachments. Its metadata say which item of which benchmark it is. What the benchmark grades by is in the
    reference outputs where it is plain data; ``create_evaluator`` does not need it.

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
        "reference_outputs": {"reference": item.reference} if _is_plain(item.reference) else None,
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


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) or (
        isinstance(value, list | tuple) and all(map(_is_plain, value))
    )


def _check_origin(benchmark: Benchmark, metadata: Mapping[str, Any]) -> None:
    if (metadata.get("benchmark"), metadata.get("options")) != (benchmark.name, benchmark.options):
        origin = describe_benchmark(str(metadata.get("benchmark")), metadata.get("options") or {})
        raise ConfigurationError(
            f"The example is of {origin}, and the evaluator grades {benchmark}. Give create_evaluator the "
            "benchmark that to_langsmith made the dataset of."
        )
