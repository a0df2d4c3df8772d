"""Held-out examples as a benchmark: whether a model that is being trained answers their questions."""

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from langchain_llava_o1.chat.model import ChatLlavaO1
from langchain_llava_o1.data.example import Example
from langchain_llava_o1.data.placing import count_pictures
from langchain_llava_o1.data.training_set import TrainingSet
from langchain_llava_o1.evaluation.accuracy import AccuracyReport, measure_accuracy
from langchain_llava_o1.evaluation.benchmark import Benchmark
from langchain_llava_o1.evaluation.item import Grade, Item
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.staging.meaning import normalize
from langchain_llava_o1.staging.transcript import parse_transcript
from langchain_llava_o1.training.settings import TrainingSettings

_STRATEGY = "greedy"
_CONCURRENCY = 16


class HeldOut(Benchmark):
    """The first questions of held-out examples, right where the conclusion means what the example's does."""

    def __init__(self, training_set: TrainingSet, examples: Sequence[Example]) -> None:
        """Take examples of a set."""
        super().__init__("held out", {})
        self._set = training_set
        self._examples = examples
        self.num_items = len(examples)

    def read_item(self, number: int) -> Item:
        """Read an example's pictures and its first question."""
        example = self._examples[number]
        shown = example.pictures[: count_pictures(example)[0]]
        pictures = [self._set.pictures.read(reference) for reference in shown]
        conclusion = parse_transcript(example.answers[0]).conclusion or example.answers[0]
        return Item(example.id, pictures, example.questions[0], kind="held out", reference=conclusion)

    async def grade(self, item: Item, conclusion: str) -> Grade:
        """Compare what two conclusions mean."""
        return Grade(float(normalize(conclusion) == normalize(item.reference)), read=conclusion)


def measure_held_out(settings: TrainingSettings, saved: Path, benchmark: HeldOut) -> AccuracyReport:
    """Have a saved model answer the first held-out questions, greedily.

    Args:
        settings: How it is trained: from which checkpoint, on which device; and how many questions it
            answers.
        saved: Folder of the checkpoint or, of adapters, of those.
        benchmark: What is asked.
    """
    weights: dict[str, Any] = {"model": str(saved)}
    if settings.lora is not None:
        weights = {"model": settings.model, "revision": settings.revision, "adapter": str(saved)}
    model = ChatLlavaO1(**weights, device=settings.device)
    try:
        return _wait_for(
            measure_accuracy(
                model,
                benchmark=benchmark,
                strategy=Strategy(_STRATEGY),
                items=settings.accuracy_items,
                seed=0,
                concurrency=_CONCURRENCY,
            )
        )
    finally:
        model.close()


def _wait_for(measuring: Coroutine[Any, Any, AccuracyReport]) -> AccuracyReport:
    """Run a measurement to its end, also where an event loop runs already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        # In this thread, where Ctrl-C ends it at once.
        return asyncio.run(measuring)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, measuring).result()
