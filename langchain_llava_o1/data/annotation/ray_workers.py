"""Annotating on many machines with Ray Data: workers ask the models, this process alone writes."""

import asyncio
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from langchain_llava_o1.chat.model_name import ModelName
from langchain_llava_o1.data.annotation.annotation_run import AnnotationRun
from langchain_llava_o1.data.annotation.annotator import Outcome
from langchain_llava_o1.data.annotation.journal import RecordedReply
from langchain_llava_o1.data.annotation.models import AnnotatorModels
from langchain_llava_o1.data.annotation.plan import AnnotationPlan
from langchain_llava_o1.data.annotation.question import Question
from langchain_llava_o1.data.annotation.recording import QuestionRecord
from langchain_llava_o1.data.annotation.spending import Budget, Spending
from langchain_llava_o1.errors import ConfigurationError, LlavaO1Error

if TYPE_CHECKING:
    from ray.data import Dataset

_WINDOWS_PER_WORKER = 8
_CPUS_TO_WAIT = 0.1
"""Of a worker that waits for a server most of its time."""

_COLUMN = "pickled"


@dataclass(frozen=True)
class _Task:
    """What a worker is given of a question."""

    question: Question
    known: Sequence[RecordedReply]
    first_attempt: int


@dataclass(frozen=True)
class _Result:
    """What a worker gives back of a question; ``failure`` is what no question can be annotated for."""

    question: Question
    replies: Sequence[RecordedReply]
    outcome: Outcome | None
    failure: LlavaO1Error | None = None


class RayWorker:
    """Annotates batches of questions on one machine, all questions of a batch at once."""

    def __init__(self, plan: AnnotationPlan) -> None:
        """Open the models. Their connections belong to one event loop, which all batches share."""
        self._loop = asyncio.new_event_loop()
        self._models = AnnotatorModels(plan, Spending())

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Annotate the questions of a batch."""
        tasks = [pickle.loads(data) for data in batch[_COLUMN]]
        results = self._loop.run_until_complete(self._annotate(tasks))
        return {_COLUMN: [pickle.dumps(result) for result in results]}

    async def _annotate(self, tasks: Sequence[_Task]) -> list[_Result]:
        results = await asyncio.gather(*(_annotate(self._models, task) for task in tasks))
        await self._models.finish()
        return results


async def _annotate(models: AnnotatorModels, task: _Task) -> _Result:
    replies: list[RecordedReply] = []
    record = QuestionRecord(task.question.id, task.known, replies.append)
    try:
        outcome = await models.annotator.annotate(task.question, record, task.first_attempt)
    except LlavaO1Error as error:
        return _Result(task.question, replies, None, error)
    return _Result(task.question, replies, outcome)


async def annotate_on_ray(
    run: AnnotationRun, plan: AnnotationPlan, address: str, *, concurrency: int, num_workers: int | None
) -> None:
    """Annotate what is left of a set.

    Questions go out in windows, since Ray works ahead: a window is what may be paid for again after this
    process was killed, and what the budget may be passed by is an average window's spread.

    Args:
        run: The questions that are left.
        plan: How they are annotated.
        address: Of the cluster, as Ray takes it: "auto", "ray://host:10001", or "local" for this machine.
        concurrency: Questions under way at once on each worker.
        num_workers: How many there are; None for one on each machine or, where a checkpoint answers and there
            are GPUs, one for each GPU.

    Raises:
        ConfigurationError: If Ray is missing or not there, or no question can be annotated in this way.
        ModelOutOfReachError: If a model answers no question at all.
    """
    ray = _connect(address)
    try:
        num_gpus = int(ray.cluster_resources().get("GPU", 0)) if plan.teacher.is_local else 0
        workers = num_workers or num_gpus or max(1, sum(node["Alive"] for node in ray.nodes()))
        worker_plan = _share(plan, workers)
        window = _WINDOWS_PER_WORKER * workers * concurrency
        examples = iter(run.left)
        while tasks := await _take(run, examples, min(window, run.num_affordable(window))):
            num_blocks = min(len(tasks), max(workers, len(tasks) // concurrency))
            dataset = ray.data.from_items(
                [{_COLUMN: pickle.dumps(task)} for task in tasks], override_num_blocks=num_blocks
            )
            annotated = dataset.map_batches(
                RayWorker,
                fn_constructor_args=(worker_plan,),
                batch_size=concurrency,
                concurrency=workers,
                num_cpus=1 if plan.teacher.is_local else _CPUS_TO_WAIT,
                num_gpus=1 if num_gpus else None,
            )
            await asyncio.to_thread(_keep_all, run, annotated)
            if run.num_affordable(1) == 0:
                run.tally.is_budget_reached = True
                return
    finally:
        ray.shutdown()


def _connect(address: str) -> Any:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ConfigurationError(
            'Annotating with Ray needs a library that is missing: pip install "langchain-llava-o1[ray]".'
        ) from error
    try:
        ray.init(address=address, ignore_reinit_error=True, log_to_driver=False)
        ray.data.DataContext.get_current().enable_progress_bars = False
    # Ray raises many kinds of errors where a cluster is not there.
    except Exception as error:
        raise ConfigurationError(
            f"There is no Ray cluster at {address!r} ({error}). Start one with `ray start --head`, or use "
            '"local" for this machine.'
        ) from error
    return ray


def _share(plan: AnnotationPlan, num_workers: int) -> AnnotationPlan:
    """Return the plan of one worker: its share of the rate limits, and no budget, which is kept here."""

    def share(name: ModelName) -> ModelName:
        rate = name.requests_per_second
        return name if rate is None else replace(name, requests_per_second=rate / num_workers)

    validator = plan.validator
    return replace(
        plan,
        teacher=share(plan.teacher),
        validator=share(validator) if isinstance(validator, ModelName) else validator,
        budget=Budget(),
    )


async def _take(run: AnnotationRun, examples: Iterator[Any], number: int) -> list[_Task]:
    tasks = []
    for example in islice(examples, number):
        question = await run.read(example)
        if question is not None:
            folder = run.folder
            tasks.append(_Task(question, folder.take_replies(question.id), folder.first_attempt(question.id)))
    return tasks


def _keep_all(run: AnnotationRun, annotated: "Dataset") -> None:
    failure: LlavaO1Error | None = None
    for row in annotated.iter_rows():
        result: _Result = pickle.loads(row[_COLUMN])
        for reply in result.replies:
            run.keep_reply(reply)
        if result.outcome is None:
            failure = failure or result.failure
        else:
            run.keep(result.question, result.outcome)
    # What the others came to is paid for, and kept before.
    if failure is not None:
        raise failure
