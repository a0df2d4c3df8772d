"""Weights that are spread over processes: as accelerate spreads them by the shipped configuration."""

import importlib.resources
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from accelerate.commands.launch import (
    _validate_launch_command,
    launch_command_parser,
)
from accelerate.utils.launch import prepare_multi_gpu_env

from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.training.sft import train_sft
from tests.training.runs import log_of, settings, weights_of
from tests.training.sets import write_drawn_set

pytestmark = pytest.mark.long


def shipped_environment() -> dict[str, str]:
    """Return what ``accelerate launch`` sets for its processes."""
    config = importlib.resources.files("langchain_llava_o1.training") / "fsdp.yaml"
    given = launch_command_parser().parse_args(["--config_file", str(config), "-m", "langchain_llava_o1.cli"])
    environment: dict[str, str] = prepare_multi_gpu_env(_validate_launch_command(given)[0])
    return {name: value for name, value in environment.items() if name.startswith(("ACCELERATE_", "FSDP_"))}


def train_sharded(checkpoint: Path, data: Path, out: Path, *options: str) -> str:
    """Train in two processes, and return what they tell."""
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    command += ["-m", "tests.training.sharded_run", "train", str(data), "--model", str(checkpoint), "--cpu"]
    done = subprocess.run(
        [sys.executable, *command, "--out", str(out), "--batch", "2", "--every", "1", *options],
        env={**os.environ, **shipped_environment(), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    # What only a sharded run leaves.
    assert list(out.glob("checkpoint-*/pytorch_model_fsdp.bin"))
    return done.stderr


def test_shares_of_the_weights_come_to_the_losses_and_weights_of_the_whole(
    random_checkpoint: Path, tmp_path: Path
) -> None:
    """Also where they go on after a kill."""
    data = write_drawn_set(tmp_path / "set", 10)
    chosen = settings(
        random_checkpoint, batch_size=4, max_steps=3, learning_rate=1e-3, evaluate_every=1, held_out=2
    )
    train_sft(chosen, open_training_set(data), tmp_path / "whole")
    run = tmp_path / "run"
    options = ("--steps", "3", "--rate", "1e-3", "--held-out", "2")
    train_sharded(random_checkpoint, data, run, *options)
    losses = [
        [{name: entry[name] for name in ("loss", "eval_loss") if name in entry} for entry in log_of(folder)]
        for folder in (run, tmp_path / "whole")
    ]
    assert [each.keys() for each in losses[0]] == [each.keys() for each in losses[1]]
    for sharded, whole in zip(*losses, strict=True):
        assert sharded == pytest.approx(whole, rel=1e-4)
    kept, expected = weights_of(run), weights_of(tmp_path / "whole")
    assert kept.keys() == expected.keys()
    for name in kept:
        torch.testing.assert_close(kept[name], expected[name], rtol=1e-3, atol=1e-4)

    log = log_of(run)
    (run / "training_result.json").unlink()
    (run / "checkpoint-3" / "trainer_state.json").unlink()
    assert "Going on from checkpoint-2." in train_sharded(random_checkpoint, data, run, *options)
    assert log_of(run) == log
    again = weights_of(run)
    assert all(torch.equal(kept[name], again[name]) for name in kept)


def test_the_best_weights_are_gathered_and_not_the_last(random_checkpoint: Path, tmp_path: Path) -> None:
    """The rate is so high that nothing gets better after the first measurements."""
    data = write_drawn_set(tmp_path / "set", 10)
    run = tmp_path / "run"
    options = ("--steps", "20", "--rate", "0.5", "--held-out", "2", "--patience", "1")
    train_sharded(random_checkpoint, data, run, *options)
    result = json.loads((run / "training_result.json").read_text())
    assert result["best_step"] == result["steps"] - 1
    kept = weights_of(run)
    best, last = (weights_of(run / f"checkpoint-{result[name]}") for name in ("best_step", "steps"))
    assert all(torch.equal(kept[name], best[name]) for name in kept)
    assert not all(torch.equal(kept[name], last[name]) for name in kept)
