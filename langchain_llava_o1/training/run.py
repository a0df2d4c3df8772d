"""A training run: begun or gone on with, saved, and summed up, whatever is learned."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from transformers import (
    AutoConfig,
    MllamaForConditionalGeneration,
    PrinterCallback,
    Trainer,
)

from langchain_llava_o1.training.loading import computes_in
from langchain_llava_o1.training.log import Log
from langchain_llava_o1.training.loss_plot import plot_losses
from langchain_llava_o1.training.model_card import write_card
from langchain_llava_o1.training.patience import Patience
from langchain_llava_o1.training.result import TrainingResult
from langchain_llava_o1.training.run_folder import RunFolder, write_whole
from langchain_llava_o1.training.settings import TrainingSettings
from langchain_llava_o1.training.task import Task

_KEPT_CHECKPOINTS = 2
_LOGGED_STEPS = 10


@dataclass(frozen=True)
class TrainingRun:
    """A run on its way.

    Attributes:
        settings: How it trains.
        folder: Where.
        task: What it learns.
        tell: Called with a line of progress.
    """

    settings: TrainingSettings
    folder: RunFolder
    task: Task
    tell: Callable[[str], None]

    def arguments(self, *, is_measured: bool) -> dict[str, Any]:
        """Return the arguments of transformers' Trainer.

        Args:
            is_measured: Whether anything is held out to measure with.
        """
        settings = self.settings
        best: dict[str, Any] = {}
        if is_measured:
            metric = "eval_accuracy" if settings.accuracy_items else "eval_loss"
            best = {"metric_for_best_model": metric, "greater_is_better": bool(settings.accuracy_items)}
        return {
            "output_dir": str(self.folder.path),
            "num_train_epochs": settings.epochs,
            "max_steps": settings.max_steps or -1,
            "per_device_train_batch_size": settings.batch_size,
            # Alone, so that no sample is measured beside one with more pictures.
            "per_device_eval_batch_size": 1,
            "gradient_accumulation_steps": settings.accumulation,
            "learning_rate": settings.learning_rate,
            "lr_scheduler_type": "cosine",
            "warmup_steps": settings.warmup,
            "weight_decay": settings.weight_decay,
            "max_grad_norm": settings.max_grad_norm,
            "bf16": computes_in(settings) == torch.bfloat16,
            "activation_checkpointing": settings.activation_checkpointing,
            "use_cpu": settings.device == "cpu",
            "eval_strategy": "steps" if is_measured else "no",
            "eval_steps": settings.evaluate_every,
            "save_strategy": "steps",
            "save_steps": settings.evaluate_every,
            "save_total_limit": _KEPT_CHECKPOINTS,
            "load_best_model_at_end": is_measured,
            **best,
            "logging_steps": min(_LOGGED_STEPS, settings.evaluate_every, settings.max_steps or _LOGGED_STEPS),
            "report_to": ["tensorboard"],
            "dataloader_num_workers": settings.num_workers,
            "dataloader_pin_memory": torch.cuda.is_available(),
            "remove_unused_columns": False,
            "seed": settings.seed,
            "disable_tqdm": True,
        }

    def callbacks(self) -> list[Any]:
        """Return what listens to a trainer."""
        found: list[Any] = [Log(self.folder, self.tell)]
        if self.settings.patience is not None:
            found.append(Patience(self.settings.patience))
        return found

    def train(self, trainer: Trainer, num_samples: int, num_left_out: int) -> TrainingResult:
        """Train from the beginning or from the last checkpoint, and save what was learned.

        Args:
            trainer: What trains.
            num_samples: How many samples it has to learn from.
            num_left_out: How many lines of the data gave none.
        """
        # It would print what the log tells.
        trainer.remove_callback(PrinterCallback)
        start = self.folder.last_checkpoint()
        begins = f"Training on {num_samples:,} samples."
        self.tell(begins if start is None else f"Going on from {start.name}.")
        trainer.train(resume_from_checkpoint=None if start is None else str(start))
        self._save(trainer)
        result = self._summarize(trainer, TrainingResult(self.folder.path, 0, num_samples, num_left_out))
        if trainer.is_world_process_zero():
            method = self.task.method
            plot_losses(list(self.folder.read_log()), self.folder.path / "loss.svg", unit=method.loss)
            write_whole(self.folder.path / "README.md", write_card(self.settings, self.task, result))
            self.folder.finish(result)
        return result

    def _save(self, trainer: Trainer) -> None:
        """Save what was learned; whole weights in the precision of the checkpoint that they come from."""
        if self.settings.lora is not None:
            trainer.save_model(str(self.folder.path))
            return
        unrounded = self.folder.path / "unrounded"
        trainer.save_model(str(unrounded))
        if trainer.is_world_process_zero():
            revision = self.settings.revision or "main"
            source = AutoConfig.from_pretrained(self.settings.model, revision=revision)
            model = MllamaForConditionalGeneration.from_pretrained(
                unrounded, dtype=source.dtype or torch.float32
            )
            model.save_pretrained(self.folder.path)
            processor: Any = trainer.processing_class
            processor.save_pretrained(self.folder.path)
            shutil.rmtree(unrounded)

    def _summarize(self, trainer: Trainer, begun: TrainingResult) -> TrainingResult:
        state = trainer.state
        result = replace(begun, steps=state.global_step)
        for entry in state.log_history:
            if "eval_loss" in entry and entry["step"] == state.best_global_step:
                return replace(
                    result,
                    best_step=int(entry["step"]),
                    held_out_loss=entry["eval_loss"],
                    held_out_accuracy=entry.get("eval_accuracy"),
                )
        return result


def find_finished(folder: RunFolder, tell: Callable[[str], None]) -> TrainingResult | None:
    """Return what came of a run that is finished; None if it is not."""
    result = folder.result
    if result is not None:
        tell(f"The run in {folder.path} is finished.")
    return result
