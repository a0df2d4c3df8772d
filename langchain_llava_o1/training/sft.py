"""Supervised fine-tuning: a model learns the answers of a data set."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    EarlyStoppingCallback,
    MllamaForConditionalGeneration,
    PrinterCallback,
    TrainingArguments,
    set_seed,
)

from langchain_llava_o1.data.example import Example
from langchain_llava_o1.data.problem import Problem
from langchain_llava_o1.data.training_set import TrainingSet
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.training.held_out import HeldOut, measure_held_out
from langchain_llava_o1.training.loading import Trainee, computes_in, load_trainee
from langchain_llava_o1.training.loss_plot import plot_losses
from langchain_llava_o1.training.model_card import write_card
from langchain_llava_o1.training.result import TrainingResult
from langchain_llava_o1.training.run_folder import RunFolder, write_whole
from langchain_llava_o1.training.samples import SampleDataset, Split, read_usable, split
from langchain_llava_o1.training.settings import TrainingSettings
from langchain_llava_o1.training.trainer import Log, MeasureAccuracy, StageTrainer

_KEPT_CHECKPOINTS = 2
_LOGGED_STEPS = 10


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
    the last checkpoint goes on, at the same step with the same samples.

    Args:
        settings: How.
        training_set: From what; it is not to change while a run is under way.
        out: Folder of the run, its alone.
        report_problem: Called with what is wrong with the examples that are left out.
        tell: Called with a line of progress now and then.

    Raises:
        ConfigurationError: If the folder holds a run with other settings, or settings do not go together.
        DataError: If there is nothing to learn from.
        ModelLoadError: If the model cannot be loaded.
    """
    folder = RunFolder(out)
    folder.begin({**settings.as_json(), "data": str(training_set.path.resolve())})
    if (result := folder.result) is not None:
        tell(f"The run in {folder.path} is finished.")
        return TrainingResult(**{**result, "folder": folder.path})
    # Adapters begin at random.
    set_seed(settings.seed)
    trainee = load_trainee(settings)
    parts = split(read_usable(training_set, report_problem), settings.held_out, settings.seed)
    run = _Run(settings, training_set, folder, trainee, parts, tell)
    return run.train()


@dataclass(frozen=True)
class _Run:
    """A run on its way."""

    settings: TrainingSettings
    training_set: TrainingSet
    folder: RunFolder
    trainee: Trainee
    parts: Split
    tell: Callable[[str], None]

    def train(self) -> TrainingResult:
        samples = self._dataset(self.parts.training)
        trainer = self._create_trainer(samples)
        start = self.folder.last_checkpoint()
        if start is not None:
            self.tell(f"Going on from {start.name}.")
        trainer.train(resume_from_checkpoint=None if start is None else str(start))
        self._save(trainer)
        result = self._summarize(trainer, len(samples))
        if trainer.is_world_process_zero():
            plot_losses(list(self.folder.read_log()), self.folder.path / "loss.svg")
            write_whole(
                self.folder.path / "README.md", write_card(self.settings, self.training_set.path, result)
            )
            self.folder.finish({**vars(result), "folder": "."})
        return result

    def _dataset(self, examples: Sequence[Example]) -> SampleDataset:
        longest = min(self.settings.max_tokens, self.trainee.context_length)
        return SampleDataset(self.training_set, examples, self.trainee.chat_format, max_tokens=longest)

    def _create_trainer(self, samples: SampleDataset) -> StageTrainer:
        settings = self.settings
        callbacks: list[Any] = [Log(self.folder, self.tell)]
        if settings.patience is not None:
            callbacks.append(EarlyStoppingCallback(settings.patience))
        arguments = self._arguments()
        measure = self._accuracy_measure() if settings.accuracy_items else None
        if measure is not None and arguments.world_size > 1:
            raise ConfigurationError(
                f"accuracy_items={settings.accuracy_items} works in one process, and there are "
                f"{arguments.world_size}. Measure the loss alone, and accuracy afterwards."
            )
        trainer = StageTrainer(
            model=self.trainee.model,
            args=arguments,
            data_collator=self.trainee.collator,
            train_dataset=samples,
            eval_dataset=self._dataset(self.parts.held_out) if self.parts.held_out else None,
            processing_class=self.trainee.processor,
            callbacks=callbacks,
            measure_accuracy=measure,
        )
        # It would print what the log tells.
        trainer.remove_callback(PrinterCallback)
        return trainer

    def _arguments(self) -> TrainingArguments:
        settings = self.settings
        is_measured = bool(self.parts.held_out)
        return TrainingArguments(
            output_dir=str(self.folder.path),
            num_train_epochs=settings.epochs,
            max_steps=settings.max_steps or -1,
            per_device_train_batch_size=settings.batch_size,
            # Alone, so that no sample is measured beside one with more pictures.
            per_device_eval_batch_size=1,
            gradient_accumulation_steps=settings.accumulation,
            learning_rate=settings.learning_rate,
            lr_scheduler_type="cosine",
            warmup_steps=settings.warmup,
            weight_decay=settings.weight_decay,
            max_grad_norm=settings.max_grad_norm,
            bf16=computes_in(settings) == torch.bfloat16,
            activation_checkpointing=settings.activation_checkpointing,
            use_cpu=settings.device == "cpu",
            eval_strategy="steps" if is_measured else "no",
            eval_steps=settings.evaluate_every,
            save_strategy="steps",
            save_steps=settings.evaluate_every,
            save_total_limit=_KEPT_CHECKPOINTS,
            load_best_model_at_end=is_measured,
            metric_for_best_model=("eval_accuracy" if settings.accuracy_items else "eval_loss")
            if is_measured
            else None,
            greater_is_better=bool(settings.accuracy_items) if is_measured else None,
            prediction_loss_only=True,
            logging_steps=min(_LOGGED_STEPS, settings.evaluate_every, settings.max_steps or _LOGGED_STEPS),
            report_to=["tensorboard"],
            dataloader_num_workers=settings.num_workers,
            dataloader_pin_memory=torch.cuda.is_available(),
            remove_unused_columns=False,
            label_names=["labels"],
            seed=settings.seed,
            disable_tqdm=True,
        )

    def _accuracy_measure(self) -> MeasureAccuracy:
        benchmark = HeldOut(self.training_set, self.parts.held_out)

        def measure(saved: Path) -> float:
            is_adapter = self.settings.lora is not None
            model, adapter = (Path(self.settings.model), saved) if is_adapter else (saved, None)
            return measure_held_out(model, adapter, benchmark, self.settings.accuracy_items).accuracy

        return measure

    def _save(self, trainer: StageTrainer) -> None:
        """Save what was learned; whole weights in the precision of the checkpoint that they come from."""
        if self.settings.lora is not None:
            trainer.save_model(str(self.folder.path))
            return
        unrounded = self.folder.path / "unrounded"
        trainer.save_model(str(unrounded))
        if trainer.is_world_process_zero():
            source = AutoConfig.from_pretrained(
                self.settings.model, revision=self.settings.revision or "main"
            )
            model = MllamaForConditionalGeneration.from_pretrained(
                unrounded, dtype=source.dtype or torch.float32
            )
            model.save_pretrained(self.folder.path)
            self.trainee.processor.save_pretrained(self.folder.path)
            shutil.rmtree(unrounded)

    def _summarize(self, trainer: StageTrainer, num_samples: int) -> TrainingResult:
        state = trainer.state
        result = TrainingResult(self.folder.path, state.global_step, num_samples, None, None, None)
        best = next(
            (
                entry
                for entry in state.log_history
                if "eval_loss" in entry and entry["step"] == state.best_global_step
            ),
            None,
        )
        if best is None:
            return result
        return replace(
            result,
            best_step=int(best["step"]),
            held_out_loss=best["eval_loss"],
            held_out_accuracy=best.get("eval_accuracy"),
        )
