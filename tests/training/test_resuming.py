"""Runs that are killed, stopped early, or begun in the folder of another one."""

import shutil
from pathlib import Path

import pytest
import torch

from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.errors import ConfigurationError, ModelLoadError
from langchain_llava_o1.training.settings import LoraSettings
from langchain_llava_o1.training.sft import train_sft
from tests.training.runs import log_of, settings, weights_of


@pytest.mark.parametrize(
    "lora",
    [None, pytest.param(LoraSettings(rank=4, dropout=0.1), marks=pytest.mark.long)],
    ids=["full", "lora"],
)
def test_a_killed_run_goes_on_to_the_same_step_and_loss(
    random_checkpoint: Path, colours: Path, tmp_path: Path, lora: LoraSettings | None
) -> None:
    """As after a kill: the run ends after its second checkpoint, and the third is there in part."""
    chosen = settings(random_checkpoint, lora=lora, held_out=3)
    training_set = open_training_set(colours)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    expected = train_sft(chosen, training_set, whole)

    class Killed(Exception):
        pass

    def tell(line: str) -> None:
        if line.startswith("step 6/8"):
            raise Killed

    with pytest.raises(Killed):
        train_sft(chosen, training_set, killed, tell=tell)
    shutil.rmtree(killed / "checkpoint-6", ignore_errors=True)
    shutil.copytree(killed / "checkpoint-4", killed / "checkpoint-6")
    (killed / "checkpoint-6" / "trainer_state.json").write_text('{"half')
    told: list[str] = []
    result = train_sft(chosen, training_set, killed, tell=told.append)

    assert told[0] == "Going on from checkpoint-4."
    assert log_of(killed) == log_of(whole)
    assert vars(result) | {"folder": whole} == vars(expected)
    base = random_checkpoint if lora else None
    first, second = (weights_of(base or each, each if base else None) for each in (whole, killed))
    assert all(torch.equal(first[name], second[name]) for name in first)
    # A finished run is not trained again.
    assert train_sft(chosen, training_set, killed) == result


def test_a_start_that_trained_nothing_binds_nobody(
    random_checkpoint: Path, colours: Path, tmp_path: Path
) -> None:
    training_set = open_training_set(colours)
    with pytest.raises(ModelLoadError):
        train_sft(settings(tmp_path / "none"), training_set, tmp_path / "run")
    assert train_sft(settings(random_checkpoint, max_steps=1), training_set, tmp_path / "run").steps == 1


def test_a_folder_holds_one_run(random_checkpoint: Path, colours: Path, tmp_path: Path) -> None:
    training_set = open_training_set(colours)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").touch()
    with pytest.raises(ConfigurationError, match="holds other files"):
        train_sft(settings(random_checkpoint), training_set, tmp_path / "taken")
    train_sft(settings(random_checkpoint, max_steps=1), training_set, tmp_path / "run")
    with pytest.raises(ConfigurationError, match="max_steps is 1 there and 2 here"):
        train_sft(settings(random_checkpoint, max_steps=2), training_set, tmp_path / "run")


class Killed(Exception):
    """Raised in the middle of a run."""


def test_a_run_without_a_better_measurement_stops_at_the_same_step_killed_or_not(
    random_checkpoint: Path, colours: Path, tmp_path: Path
) -> None:
    """The rate is so high that nothing gets better after the first measurements."""
    chosen = settings(
        random_checkpoint, max_steps=20, evaluate_every=1, learning_rate=0.5, held_out=3, patience=3
    )
    training_set = open_training_set(colours)
    whole = train_sft(chosen, training_set, tmp_path / "whole")
    assert whole.best_step is not None
    assert whole.steps == whole.best_step + 3 < 20

    def train_killed(out: Path, step: int) -> None:
        def tell(line: str) -> None:
            if line.startswith(f"step {step}/20: held-out"):
                raise Killed

        with pytest.raises(Killed):
            train_sft(chosen, training_set, out, tell=tell)

    # While the count is at 1; and when the stop is decided, and its checkpoint is not there yet.
    for step in (whole.best_step + 2, whole.steps):
        out = tmp_path / f"killed-{step}"
        train_killed(out, step)
        resumed = train_sft(chosen, training_set, out)
        assert vars(resumed) | {"folder": whole.folder} == vars(whole)
        assert log_of(out) == log_of(whole.folder)


@pytest.mark.parametrize("patience", [None, 3], ids=["last step", "stopped"])
def test_a_run_killed_after_its_last_checkpoint_takes_no_further_step(
    random_checkpoint: Path, colours: Path, tmp_path: Path, patience: int | None
) -> None:
    changes = {"learning_rate": 0.5, "max_steps": 20} if patience else {"max_steps": 3}
    chosen = settings(random_checkpoint, evaluate_every=1, held_out=3, patience=patience, **changes)
    training_set = open_training_set(colours)
    run = tmp_path / "run"
    whole = train_sft(chosen, training_set, run)
    log, weights = log_of(run), weights_of(run)
    (run / "training_result.json").unlink()
    assert train_sft(chosen, training_set, run) == whole
    assert log_of(run) == log
    again = weights_of(run)
    assert all(torch.equal(weights[name], again[name]) for name in weights)
