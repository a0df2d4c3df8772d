"""Training as users start it: in two processes, and with held-out questions answered by a real engine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.tiny import checkpoint_path
from langchain_llava_o1.training.settings import LoraSettings, TrainingSettings
from langchain_llava_o1.training.sft import train_sft
from tests.training.sets import write_drawn_set

pytestmark = pytest.mark.long


def test_two_processes_come_to_the_losses_of_one(random_checkpoint: Path, tmp_path: Path) -> None:
    """They share each batch, over gloo on a processor."""
    path = write_drawn_set(tmp_path / "set", 10)
    with path.open("a") as file:
        file.write("{\n")
    losses = []
    for num_processes, batch in ((1, 4), (2, 2)):
        out = tmp_path / str(num_processes)
        command = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={num_processes}"]
        command += ["-m", "langchain_llava_o1.cli", "train", str(path), "--model", str(random_checkpoint)]
        command += [
            "--out",
            str(out),
            "--batch",
            str(batch),
            "--steps",
            "4",
            "--rate",
            "1e-3",
            "--every",
            "1",
            "--held-out",
            "2",
        ]
        done = subprocess.run(
            [sys.executable, *command, "--cpu"],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert done.returncode == 0, done.stderr
        log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
        losses.append([entry.get("loss", entry.get("eval_loss")) for entry in log])
        # Only the first process tells.
        assert done.stderr.count("step 4/4: loss") == 1
        assert done.stderr.count("1 lines were left out") == 1
        assert done.stdout.count("load it: ") == 1
    assert len(losses[0]) == 8
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_accuracy_in_two_processes_is_refused_before_the_model_is_loaded(tmp_path: Path) -> None:
    path = write_drawn_set(tmp_path / "set", 3)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    command += ["-m", "langchain_llava_o1.cli", "train", str(path), "--model", str(tmp_path / "none")]
    done = subprocess.run(
        [*command, "--cpu", "--out", str(tmp_path / "run"), "--held-out", "1", "--accuracy-items", "1"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode != 0
    assert "accuracy_items=1 works in one process, and there are 2" in done.stderr


@pytest.mark.parametrize("lora", [None, LoraSettings(rank=4)], ids=["full", "lora"])
def test_held_out_questions_are_answered_while_it_trains(tmp_path: Path, lora: LoraSettings | None) -> None:
    """What `tiny` knows it goes on knowing: the loss is low from the first step, the answers are right."""
    settings = TrainingSettings(
        str(checkpoint_path()),
        lora=lora,
        max_steps=2,
        batch_size=2,
        held_out=6,
        accuracy_items=6,
        evaluate_every=1,
        device="cpu",
    )
    training_set = open_training_set(write_drawn_set(tmp_path, 14))
    result = train_sft(settings, training_set, tmp_path / "run")
    assert result.held_out_accuracy is not None
    assert result.held_out_accuracy >= 4 / 6
    assert result.held_out_loss is not None
    assert result.held_out_loss < 0.2
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log if "eval_accuracy" in entry] == [1, 2]
    assert not (tmp_path / "run" / "measured").exists()
