"""The trainer of answers, which also has the model answer held-out questions."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer

from langchain_llava_o1.training.mllama_trainer import MllamaTrainer
from langchain_llava_o1.training.samples import LearnedDataset

MeasureAccuracy = Callable[[Path], float]
"""Measures the accuracy of what was saved in a folder."""


class StageTrainer(MllamaTrainer, Trainer):
    """Trains on batches of samples.

    A measurement gives ``eval_loss`` and, where accuracy is measured, ``eval_accuracy``.
    """

    def __init__(
        self,
        *,
        train_dataset: LearnedDataset,
        measure_accuracy: MeasureAccuracy | None = None,
        **options: Any,
    ) -> None:
        """Begin.

        Args:
            train_dataset: What is learned.
            measure_accuracy: None where only the loss is measured.
            options: What ``Trainer`` takes.
        """
        self.num_pictures = train_dataset.num_pictures
        super().__init__(train_dataset=train_dataset, **options)
        self._measure_accuracy = measure_accuracy

    def compute_loss(self, model: Any, inputs: dict[str, Any], *further: Any, **options: Any) -> Any:
        """Compute the loss without keeping keys and values, which only generation needs.

        What is held out counts sample by sample. ``Trainer`` has those that several processes measure at once
        share their tokens, so that the loss depended on how many processes there are.
        """
        if not model.training:
            options["num_items_in_batch"] = None
        return super().compute_loss(model, {**inputs, "use_cache": False}, *further, **options)

    def evaluation_loop(self, *further: Any, **options: Any) -> Any:
        """Measure the loss, then have what is learned so far answer questions."""
        output = super().evaluation_loop(*further, **options)
        if self._measure_accuracy is not None:
            folder = Path(str(self.args.output_dir)) / "measured"
            self.save_model(str(folder), _internal_call=True)
            # The order of what is learned next is not to depend on what is drawn meanwhile.
            with torch.random.fork_rng():
                accuracy = self._measure_accuracy(folder)
            shutil.rmtree(folder)
            output = output._replace(metrics={**(output.metrics or {}), "eval_accuracy": accuracy})
        return output
