"""transformers' Trainer, which here also has the model answer held-out questions."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import (
    MllamaForConditionalGeneration,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from langchain_llava_o1.training.block_sampler import BlockSampler
from langchain_llava_o1.training.run_folder import RunFolder

SaveModel = Callable[[Path], None]
MeasureAccuracy = Callable[[Path], float]


class StageTrainer(Trainer):
    """Trains on batches of samples.

    A measurement gives ``eval_loss`` and, where accuracy is measured, ``eval_accuracy``.
    """

    def __init__(self, *, measure_accuracy: MeasureAccuracy | None = None, **options: Any) -> None:
        """Begin.

        Args:
            measure_accuracy: Measures what was saved in a folder; None where only the loss is measured.
            options: What ``Trainer`` takes.
        """
        super().__init__(**options)
        self._measure_accuracy = measure_accuracy

    def _get_train_sampler(self, train_dataset: Any = None) -> BlockSampler:
        """Choose the order of the samples."""
        samples: Any = self.train_dataset if train_dataset is None else train_dataset
        return BlockSampler(samples.num_pictures, self.args.train_batch_size, self.args.seed)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Take the weights of a checkpoint, to go on with them."""
        target = self.model if model is None else model
        if self.is_fsdp_enabled or not isinstance(target, MllamaForConditionalGeneration):
            super()._load_from_checkpoint(resume_from_checkpoint, model)
        else:
            _load_weights(target, resume_from_checkpoint)

    def _load_best_model(self) -> None:
        """Take the weights of the best checkpoint."""
        if self.is_fsdp_enabled or not isinstance(self.model, MllamaForConditionalGeneration):
            super()._load_best_model()
        else:
            _load_weights(self.model, str(self.state.best_model_checkpoint))

    def compute_loss(self, model: Any, inputs: dict[str, Any], *further: Any, **options: Any) -> Any:
        """Compute the loss without keeping keys and values, which only generation needs."""
        return super().compute_loss(model, {**inputs, "use_cache": False}, *further, **options)

    def evaluation_loop(self, *further: Any, **options: Any) -> Any:
        """Measure the loss, then have what is learned so far answer questions."""
        output = super().evaluation_loop(*further, **options)
        if self._measure_accuracy is not None:
            folder = Path(str(self.args.output_dir)) / "measured"
            self.save_model(str(folder), _internal_call=True)
            # The engine chooses its own precision and leaves the weights in training alone.
            with torch.random.fork_rng():
                accuracy = self._measure_accuracy(folder)
            shutil.rmtree(folder)
            output = output._replace(metrics={**(output.metrics or {}), "eval_accuracy": accuracy})
        return output


def _load_weights(model: MllamaForConditionalGeneration, folder: str) -> None:
    """Load what ``save_pretrained`` wrote.

    It writes Mllama's weights under the names of the published checkpoints, and ``Trainer`` looks for those
    that they have in memory: it finds none, and goes on with a warning.
    """
    saved = MllamaForConditionalGeneration.from_pretrained(folder, dtype=model.dtype)
    model.load_state_dict(saved.state_dict())


class Log(TrainerCallback):
    """Keeps what is measured in the run's folder, an object a line, and tells of it."""

    def __init__(self, folder: RunFolder, tell: Callable[[str], None]) -> None:
        """Choose where.

        Args:
            folder: Where its log is.
            tell: Called with a line for people.
        """
        self._folder = folder
        self._tell = tell
        self._started = time.monotonic()
        self._first_step = 0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **further: Any
    ) -> None:
        """Note where the run begins or goes on."""
        self._started = time.monotonic()
        self._first_step = state.global_step
        if state.is_world_process_zero:
            self._folder.cut_log(state.global_step)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **further: Any,
    ) -> None:
        """Write a line."""
        # What it sums up at the end is of this process alone, not of what it went on from.
        if not state.is_world_process_zero or not logs or not ({"loss", "eval_loss"} & logs.keys()):
            return
        with self._folder.log_path.open("a") as file:
            file.write(json.dumps({"step": state.global_step, **logs}) + "\n")
        named = {"loss": "loss", "eval_loss": "held-out loss", "eval_accuracy": "held-out accuracy"}
        parts = [f"{text} {logs[name]:.4f}" for name, text in named.items() if name in logs]
        if parts:
            step = f"step {state.global_step}/{state.max_steps}"
            self._tell(f"{step}: {', '.join(parts)}{self._time_left(state)}")

    def _time_left(self, state: TrainerState) -> str:
        done = state.global_step - self._first_step
        if not done:
            return ""
        minutes = (time.monotonic() - self._started) / done * (state.max_steps - state.global_step) / 60
        return f", {minutes:.0f} min left"
