"""Small runs of fine-tuning, and what they leave."""

import json
from pathlib import Path
from typing import Any

import torch

from langchain_llava_o1.engine.loading.checkpoint import load_checkpoint
from langchain_llava_o1.engine.settings import CheckpointSettings
from langchain_llava_o1.training.settings import TrainingSettings

COLOURS = ("red", "green", "blue", "teal")


def settings(checkpoint: Path, **changes: Any) -> TrainingSettings:
    values = {"max_steps": 8, "batch_size": 2, "learning_rate": 2e-3, "evaluate_every": 2, "device": "cpu"}
    return TrainingSettings(str(checkpoint), **{**values, **changes})


def log_of(folder: Path) -> list[dict[str, Any]]:
    timed = ("runtime", "per_second")
    entries = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [
        {name: value for name, value in entry.items() if not any(each in name for each in timed)}
        for entry in entries
    ]


def weights_of(folder: Path, adapter: Path | None = None) -> dict[str, torch.Tensor]:
    adapters = None if adapter is None else str(adapter)
    loaded = CheckpointSettings(str(folder), device="cpu", dtype="float32", adapter=adapters)
    return load_checkpoint(loaded).model.state_dict()
