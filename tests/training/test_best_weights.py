"""A run keeps its best weights, which are not always those of its last step."""

from pathlib import Path

import pytest
import torch

from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.training.settings import LoraSettings
from langchain_llava_o1.training.sft import train_sft
from tests.training.runs import settings, weights_of


@pytest.mark.parametrize("lora", [None, LoraSettings(rank=4)], ids=["full", "lora"])
def test_the_best_weights_are_kept_and_not_the_last(
    random_checkpoint: Path, colours: Path, tmp_path: Path, lora: LoraSettings | None
) -> None:
    """The rate is so high that nothing gets better after the first measurements."""
    run = tmp_path / "run"
    chosen = settings(
        random_checkpoint,
        lora=lora,
        max_steps=20,
        evaluate_every=1,
        learning_rate=0.5,
        held_out=3,
        patience=1,
    )
    result = train_sft(chosen, open_training_set(colours), run)
    assert result.best_step == result.steps - 1

    def kept_in(folder: Path) -> dict[str, torch.Tensor]:
        return weights_of(folder) if lora is None else weights_of(random_checkpoint, folder)

    kept = kept_in(run)
    best, last = (kept_in(run / f"checkpoint-{step}") for step in (result.best_step, result.steps))
    assert all(torch.equal(kept[name], best[name]) for name in kept)
    assert not all(torch.equal(kept[name], last[name]) for name in kept)
