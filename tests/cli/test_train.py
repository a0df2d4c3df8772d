"""`llava-o1 train` as it is typed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import Result

from langchain_llava_o1 import TrainingSetWriter
from langchain_llava_o1.data.example import Example, Turn
from tests.training.sets import staged

RunCommand = Callable[..., Result]

SETTINGS = ["--cpu", "--batch", "2", "--rate", "1e-3", "--every", "2", "--held-out", "2"]


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    colours = ("red", "green", "blue", "teal")
    for colour in colours:
        Image.new("RGB", (32, 24), colour).save(tmp_path / f"{colour}.png")
    path = tmp_path / "colours.jsonl"
    with TrainingSetWriter(path) as writer:
        for number in range(8):
            colour = colours[number % 4]
            answer = staged("A colour.", "One area.", f"It is {colour}.", colour)
            turns = (Turn("human", "<image>\nWhich colour is it?"), Turn("gpt", answer))
            writer.append(Example(str(number), (f"{colour}.png",), turns))
    return path


@pytest.mark.long
def test_a_killed_run_is_gone_on_with(random_checkpoint: Path, colours: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "langchain_llava_o1.cli", "train", str(colours), *SETTINGS]
    command += ["--model", str(random_checkpoint), "--steps", "12"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = subprocess.Popen([*command, "--out", str(killed)], stderr=subprocess.DEVNULL, env=environment)
    end = time.monotonic() + 600
    while not (killed / "checkpoint-4" / "trainer_state.json").is_file() and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL

    for folder in (killed, whole):
        done = subprocess.run(
            [*command, "--out", str(folder), "--json"],
            capture_output=True,
            text=True,
            env=environment,
            timeout=900,
        )
        assert done.returncode == 0, done.stderr
        assert ("Going on from checkpoint-" in done.stderr) == (folder is killed)
        assert json.loads(done.stdout)["steps"] == 12
    losses = [
        [json.loads(line).get("loss") for line in (folder / "log.jsonl").read_text().splitlines()]
        for folder in (killed, whole)
    ]
    assert losses[0] == losses[1]


def test_what_is_left_out_is_told(
    run_command: RunCommand, random_checkpoint: Path, colours: Path, tmp_path: Path
) -> None:
    lines = colours.read_text().splitlines()
    lines[3] = lines[3][:-1]
    # An id that comes twice is told, and its line is learned.
    lines[5] = lines[4]
    colours.write_text("\n".join(lines))
    options = ["--steps", "1", "--out", tmp_path / "run", "--model", random_checkpoint]
    done = run_command("train", colours, *SETTINGS, *options)
    assert done.exit_code == 0
    assert f"{colours}:4:" in done.stderr
    assert f"{colours}:6:" in done.stderr
    assert "1 lines were left out" in done.stderr
    assert done.stderr.index("were left out") < done.stderr.index("Training on 5 samples")
    assert f"load it: ChatLlavaO1(model='{tmp_path / 'run'}')" in done.stdout


def test_the_first_problems_are_told_where_no_line_can_be_learned(
    run_command: RunCommand, tmp_path: Path
) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text("{\n" * 25)
    done = run_command("train", path, "--cpu", "--model", "tiny", "--out", tmp_path / "run")
    assert done.exit_code == 1
    assert [f"{path}:{number}:" in done.stderr for number in (1, 20, 21)] == [True, True, False]
    assert "5 further problems" in done.stderr
    assert "25 lines were left out" in done.stderr
    assert "no example to learn from" in done.stderr.splitlines()[-1]


def test_only_the_first_process_tells(
    run_command: RunCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text("{\n")
    monkeypatch.setenv("RANK", "1")
    done = run_command("train", "--dpo", path, "--cpu", "--model", "tiny", "--out", tmp_path / "run")
    assert "warning" not in done.stderr
    assert "no pair of answers" in done.stderr


def test_a_benchmark_is_learned_where_that_is_allowed(run_command: RunCommand, tmp_path: Path) -> None:
    path = tmp_path / "benchmark.tsv"
    path.write_text("index\tquestion\tanswer\n1\tHow many?\t2\n")
    options = ["train", path, "--cpu", "--model", "tiny", "--out", tmp_path / "run"]
    refused = run_command(*options)
    assert refused.exit_code == 2
    assert "--allow-benchmark" in refused.stderr
    # Its answers are not in stages.
    assert "no example to learn from" in run_command(*options, "--allow-benchmark").stderr


@pytest.mark.parametrize(
    "option",
    [
        ["--max-tokens", "9"],
        ["--any-answers"],
        ["--column", "question=asked"],
        ["--accuracy-items", "2"],
        ["--allow-benchmark"],
    ],
)
def test_what_has_no_part_in_training_on_pairs_is_refused(run_command: RunCommand, option: list[str]) -> None:
    done = run_command("train", "--dpo", "pairs.jsonl", "--out", "x", "--model", "tiny", *option)
    assert done.exit_code == 2
    assert option[0] in done.stderr
    assert "has no part in training on pairs" in done.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "Write llava-o1 train SET --out FOLDER"),
        (["set.jsonl"], "Write llava-o1 train SET --out FOLDER"),
        (["set.jsonl", "--dpo", "pairs.jsonl", "--out", "x"], "or llava-o1 train --dpo PAIRS"),
        (["set.jsonl", "--out", "x"], "--model is missing"),
        (
            ["set.jsonl", "--out", "x", "--preset", "huge"],
            "There is no preset 'huge'; there are llava-o1-11b",
        ),
        (["set.jsonl", "--out", "x", "--model", "tiny", "--batch", "0"], "batch_size must be 1 or more"),
        (["set.jsonl", "--out", "x", "--model", "tiny", "--freeze", "eyes"], "no part 'eyes'"),
        (["set.jsonl", "--out", "x", "--model", "tiny", "--beta", "1"], "--beta 1.0 has no part"),
        (["none.jsonl", "--out", "x", "--model", "tiny"], "There is no data set at none.jsonl"),
    ],
)
def test_bad_usage_is_told_before_anything_is_loaded(
    run_command: RunCommand, options: list[str], told: str
) -> None:
    done = run_command("train", *options)
    assert done.exit_code == 2
    assert told in done.stderr


def test_what_training_takes_is_computed_and_said_to_be(run_command: RunCommand) -> None:
    done = run_command("train", "--plan")
    assert "computed" in done.stdout
    assert done.stdout.count("LoRA") == 3


def test_the_configuration_for_accelerate_is_printed(run_command: RunCommand) -> None:
    assert "fsdp_config:" in run_command("train", "--fsdp-config").stdout
