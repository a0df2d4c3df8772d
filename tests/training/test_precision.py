"""In what precision weights are kept and computed with, and how fast they change."""

import math
from pathlib import Path

import pytest
import torch

from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.training.loading import load_trainee
from langchain_llava_o1.training.settings import LoraSettings
from langchain_llava_o1.training.sft import train_sft
from tests.training.runs import log_of, settings


@pytest.mark.parametrize("lora", [None, LoraSettings(rank=2)], ids=["full", "lora"])
def test_what_is_trained_is_kept_in_float32_and_computed_with_in_bfloat16(
    random_checkpoint: Path, colours: Path, tmp_path: Path, lora: LoraSettings | None
) -> None:
    losses = {}
    for dtype in ("float32", "bfloat16"):
        chosen = settings(random_checkpoint, lora=lora, dtype=dtype, max_steps=2, batch_size=1)
        train_sft(chosen, open_training_set(colours), tmp_path / dtype)
        losses[dtype] = [entry["loss"] for entry in log_of(tmp_path / dtype)]
    assert losses["bfloat16"] == pytest.approx(losses["float32"], rel=0.05)
    assert losses["bfloat16"] != losses["float32"]

    half = settings(random_checkpoint, lora=lora, dtype="bfloat16")
    weights = list(load_trainee(half).model.parameters())
    assert {weight.dtype for weight in weights if weight.requires_grad} == {torch.float32}
    kept = {weight.dtype for weight in weights if not weight.requires_grad}
    assert kept == (set() if lora is None else {torch.bfloat16})


def test_the_rate_rises_and_falls_as_a_cosine(random_checkpoint: Path, colours: Path, tmp_path: Path) -> None:
    chosen = settings(random_checkpoint, max_steps=6, evaluate_every=1, warmup=0.3, batch_size=1)
    train_sft(chosen, open_training_set(colours), tmp_path / "run")
    rates = [entry["learning_rate"] / chosen.learning_rate for entry in log_of(tmp_path / "run")]
    # Two steps of warmup from 0, then half a turn of the cosine over the other four.
    falling = [(1 + math.cos(math.pi * step / 4)) / 2 for step in range(4)]
    assert rates == pytest.approx([0, 0.5, *falling])
