"""Supervised fine-tuning: a model learns the answers of a data set."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain_llava_o1.engine.loading.libraries import import_libraries

# Before transformers is imported, and by it torchao with messages that nobody asked for.
import_libraries()

from transformers import TrainingArguments

from langchain_llava_o1.data.example import Example
from langchain_llava_o1.data.problem import Problem
from langchain_llava_o1.data.training_set import TrainingSet
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.training.held_out import HeldOut, measure_held_out
from langchain_llava_o1.training.loading import load_trainee
from langchain_llava_o1.training.result import TrainingResult
from langchain_llava_o1.training.run import TrainingRun, find_finished
from langchain_llava_o1.training.run_folder import RunFolder
from langchain_llava_o1.training.samples import LearnedDataset, SampleDataset, read_usable, split
from langchain_llava_o1.training.settings import TrainingSettings
from langchain_llava_o1.training.stage_trainer import MeasureAccuracy, StageTrainer
from langchain_llava_o1.training.task import LeftOutLines, learn_answers


def train_sft(
    settings: TrainingSettings,
    training_set: TrainingSet,
    out: str | Path,
    *,
    report_problem: Callable[[Problem], None] = lambda problem: None,
    tell: Callable[[str], None] = lambda line: None,
) -> TrainingResult:
    """Train a model on the answers of a data set, or go on with a run that was killed.

    The loss is on the answers' tokens alone, each question with what came before it. The folder then holds
    what ``ChatLlavaO1(model=folder)`` loads or, of adapters, ``ChatLlavaO1(model=…, adapter=folder)``; and
    ``log.jsonl``, ``loss.svg``, TensorBoard's files in ``runs``, and a model card. Of a run that is killed
    the last checkpoint goes on, at the same step with the same samples. Examples with a broken picture or too
    many tokens cannot be measured with, and are not held out.

    Args:
        settings: How.
        training_set: From what; it is not to change while a run is under way.
        out: Folder of the run, its alone.
        report_problem: Called with what is wrong with lines, before the model is loaded; in every process.
        tell: Called with a line of progress now and then.

    Raises:
        ConfigurationError: If the folder holds a run with other settings, or settings do not go together.
        DataError: If there is nothing to learn from.
        ModelLoadError: If the model cannot be loaded.
    """
    folder = RunFolder(out)
    task = learn_answers(training_set)
    folder.begin({**settings.as_json(), **task.as_json()})
    if (finished := find_finished(folder, tell)) is not None:
        return finished
    run = TrainingRun(settings, folder, task, tell)
    arguments = _write_arguments(run)
    left_out = LeftOutLines(report_problem)
    usable = read_usable(training_set, left_out, any_answers=settings.any_answers)
    trainee = load_trainee(settings)
    how: dict[str, Any] = {
        "chat_format": trainee.chat_format,
        "max_tokens": min(settings.max_tokens, trainee.context_length),
    }

    def is_measurable(example: Example) -> bool:
        return SampleDataset(training_set, [example], **how).is_whole()

    parts = split(usable, settings.held_out, settings.seed, is_measurable)
    samples = LearnedDataset(training_set, parts.training, **how)
    trainer = StageTrainer(
        model=trainee.model,
        args=arguments,
        data_collator=trainee.collator,
        train_dataset=samples,
        eval_dataset=SampleDataset(training_set, parts.held_out, **how) if parts.held_out else None,
        processing_class=trainee.processor,
        callbacks=run.callbacks(),
        measure_accuracy=_accuracy_measure(settings, HeldOut(training_set, parts.held_out)),
    )
    return run.train(trainer, len(samples), left_out.count)


def _write_arguments(run: TrainingRun) -> TrainingArguments:
    settings = run.settings
    arguments = TrainingArguments(
        **run.arguments(is_measured=bool(settings.held_out)),
        prediction_loss_only=True,
        label_names=["labels"],
    )
    if settings.accuracy_items and arguments.world_size > 1:
        raise ConfigurationError(
            f"accuracy_items={settings.accuracy_items} works in one process, and there are "
            f"{arguments.world_size}. Measure the loss alone, and accuracy afterwards."
        )
    return arguments


def _accuracy_measure(settings: TrainingSettings, benchmark: HeldOut) -> MeasureAccuracy | None:
    if not settings.accuracy_items:
        return None
    return lambda saved: measure_held_out(settings, saved, benchmark).accuracy
