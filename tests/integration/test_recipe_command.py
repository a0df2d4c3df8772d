"""The recipe as a command, scaled down."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from transformers import MllamaForConditionalGeneration

pytestmark = pytest.mark.long


def test_the_recipe_runs_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "recipes.tiny", "--scale", "0.001", "--device", "cpu"]
    command += ["--folder", str(tmp_path / "run"), "--output", str(tmp_path / "checkpoint")]
    # One thread: several wait for each other for minutes where other programs keep the cores busy.
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    weights = (tmp_path / "run" / "judging" / "model.safetensors").read_bytes()
    for path in (tmp_path / "run" / "judging").iterdir():
        path.unlink()
    (tmp_path / "run" / "judging").rmdir()

    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)

    assert re.search(r"^judging took", done.stdout, re.MULTILINE)
    assert not re.search(r"^(vision|answers) took", done.stdout, re.MULTILINE)
    assert (tmp_path / "run" / "judging" / "model.safetensors").read_bytes() == weights
    model = MllamaForConditionalGeneration.from_pretrained(tmp_path / "checkpoint")
    assert (tmp_path / "checkpoint" / "recipe.json").exists()
    assert model.num_parameters() <= 8_000_000
