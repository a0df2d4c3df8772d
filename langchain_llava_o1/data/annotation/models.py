"""The models of a plan, opened: their calls are repeated after errors that pass, recorded and counted."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from langchain_core.exceptions import (
    ModelAPIError,
    ModelConnectionError,
    ModelRateLimitError,
    ModelTimeoutError,
)

from langchain_llava_o1.data.annotation.annotator import Annotator
from langchain_llava_o1.data.annotation.plan import AnnotationPlan
from langchain_llava_o1.data.annotation.recording import TEACHER, VALIDATOR, RecordedModel
from langchain_llava_o1.data.annotation.spending import Spending
from langchain_llava_o1.data.annotation.teacher import SearchTeacher, SingleCall, Teacher
from langchain_llava_o1.data.annotation.validation import Validator
from langchain_llava_o1.judges.chat_model import ChatModel, uncached

_TRANSIENT = (
    ModelRateLimitError,
    ModelAPIError,
    ModelConnectionError,
    ModelTimeoutError,
    ConnectionError,
    TimeoutError,
)
BACK_OFF: Any = {"initial": 1.0, "max": 60.0}
"""Seconds before a model that failed is asked again: they double from the first to the most."""


class AnnotatorModels:
    """The models of a plan, and the annotator that asks them.

    Attributes:
        annotator: Annotates questions.
    """

    def __init__(self, plan: AnnotationPlan, spending: Spending) -> None:
        """Open the models.

        Args:
            plan: How a set is annotated.
            spending: Counts what is spent.

        Raises:
            ConfigurationError: If a model cannot be opened, or its search cannot be built.
        """
        opened = plan.teacher.open()
        teaching = _record(opened, TEACHER, plan, spending)
        self._recorded = [teaching]
        name, validating = plan.validating_model, None
        if name is not None:
            model = opened if name == plan.teacher else name.open()
            validating = _record(model, VALIDATOR, plan, spending)
            self._recorded.append(validating)
        self.annotator = Annotator(
            teacher=_create_teacher(plan, teaching),
            validator=Validator(validating, plan.tries),
            tries=plan.tries,
            notes={"teacher": plan.teacher.resolved},
        )

    async def finish(self) -> None:
        """Wait for the calls under way, whose replies are paid for."""
        for model in self._recorded:
            await model.finish()

    async def share(self, work: Callable[[], Coroutine[Any, Any, None]], num_workers: int) -> None:
        """Have several workers take from the same work, and wait for the calls whose replies are paid for.

        Raises:
            Exception: The first that a worker raises; the other workers are stopped.
        """
        failure: Exception | None = None
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(num_workers):
                    group.create_task(work())
        except ExceptionGroup as failures:
            failure = failures.exceptions[0]
        finally:
            await self.finish()
        # Raised here, where the group is no longer under way, the failure keeps the cause that it has.
        if failure is not None:
            raise failure


def with_retries(model: ChatModel, attempts: int) -> ChatModel:
    """Return a model whose calls are repeated after errors that pass, and that answers from no cache."""
    # A cache would answer every try alike.
    return uncached(model).with_retry(
        retry_if_exception_type=_TRANSIENT,
        stop_after_attempt=attempts,
        exponential_jitter_params=BACK_OFF,
    )


def _record(model: ChatModel, role: str, plan: AnnotationPlan, spending: Spending) -> RecordedModel:
    return RecordedModel.of(with_retries(model, plan.retries), role, spending)


def _create_teacher(plan: AnnotationPlan, model: ChatModel) -> Teacher:
    search = plan.search
    if search is None:
        return SingleCall(model, shows_reference=plan.is_reference_shown, parameters=dict(plan.parameters))
    return SearchTeacher(model, search, shows_reference=plan.is_reference_shown, seed=plan.seed)
