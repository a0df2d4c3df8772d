"""A benchmark of letters, a model that answers it, and runs of `bench accuracy` over it."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.app import app
from langchain_llava_o1.evaluation.benchmark import BENCHMARKS, BenchmarkEntry
from tests.evaluation.letters import NEW_FILE, read_letter
from tests.scripted_model import ScriptedModel


@pytest.fixture
def letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Add the benchmark; its class."""
    (tmp_path / "own_letters.py").write_text(NEW_FILE)
    Image.new("RGB", (28, 28), "red").save(tmp_path / "dot.png")
    monkeypatch.syspath_prepend(tmp_path)
    entry = BenchmarkEntry("letters", "Letters.", "own_letters:Letters", {})
    monkeypatch.setitem(BENCHMARKS, entry.name, entry)
    monkeypatch.delitem(sys.modules, "own_letters", raising=False)
    return importlib.import_module("own_letters").Letters


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> ScriptedModel:
    model = ScriptedModel(write=read_letter)
    monkeypatch.setattr(answering, "create_model", lambda settings: model)
    return model


@pytest.fixture
def compare(tmp_path: Path) -> Callable[..., Any]:
    def run(*options: str) -> Any:
        given = ("--benchmark", "letters", "--compare", "greedy", "--no-plot", "--out", str(tmp_path / "run"))
        return CliRunner().invoke(app, ["bench", "accuracy", *given, *options])

    return run
