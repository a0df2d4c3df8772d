"""The page about training, from questions to an answer, with every command killed once and run again."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.pages import DOCS, Block, blocks_of

PAGE = DOCS / "how-to" / "train.md"
LAST = "llava-o1 ask --model trained"

WRITTEN_BY = {
    "data annotate": "annotated/examples.jsonl",
    "train annotated": "trained/checkpoint-2/trainer_state.json",
    "bench accuracy": "measured/*/outcomes.jsonl",
}
"""What a command has written when it is killed; those that only read are killed at once."""


def commands_of(block: Block) -> list[str]:
    return block.commands if block.language == "console" and block.is_run else []


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command, kill it when it has begun to write, and run it again."""
    name, *arguments = shlex.split(command)
    assert name == "llava-o1"
    called = [sys.executable, "-m", "langchain_llava_o1.cli", *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "LLAVA_O1_MODEL": "tiny"}
    process = subprocess.Popen(
        called, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    written = WRITTEN_BY.get(" ".join(arguments[:2]))
    # Only keeps it from being waited for without end.
    end = time.monotonic() + 600
    while written and not any(folder.glob(written)) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    return subprocess.run(
        called, cwd=folder, env=environment, capture_output=True, text=True, timeout=900, check=False
    )


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.long
def test_each_step_of_the_page_goes_on_after_a_kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = list(blocks_of(PAGE))
    exec(next(block.text for block in blocks if block.language == "python"), {"__name__": "questions"})
    done: dict[str, subprocess.CompletedProcess[str]] = {}
    for command in (command for block in blocks for command in commands_of(block)):
        # Adapters are trained like all weights.
        if "adapters" not in command:
            done[command] = result = run(command, tmp_path)
            assert result.returncode == 0, f"{command}: {result.stderr}"
        if command.startswith(LAST):
            break

    outputs = [result.stdout for result in done.values()]
    assert len(outputs) == 5
    annotated = [example["id"] for example in read_json_lines(tmp_path / "annotated" / "examples.jsonl")]
    refused = [each["id"] for each in read_json_lines(tmp_path / "annotated" / "refusals.jsonl")]
    assert sorted(annotated + refused) == [f"drawn-{number}" for number in range(8)]
    log = read_json_lines(tmp_path / "trained" / "log.jsonl")
    assert [entry["step"] for entry in log if "loss" in entry] == [2, 4]
    [outcomes] = (tmp_path / "measured").glob("*/outcomes.jsonl")
    # The first line holds the run's settings.
    assert sorted(outcome["number"] for outcome in read_json_lines(outcomes)[1:]) == [0, 1, 2, 3]
    assert outputs[-1].strip()
