"""Engines and references over the random checkpoints; the engines run on a GPU, too, where there is one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.loading.checkpoint import load_checkpoint
from langchain_llava_o1.engine.registry import load_engine
from langchain_llava_o1.engine.settings import EngineSettings
from tests.engine.reference import Reference

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.fixture(scope="session", params=DEVICES)
def engine(random_checkpoint: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    engine = load_engine(EngineSettings(str(random_checkpoint), device=request.param, dtype="float32"))
    yield engine
    engine.close()


@pytest.fixture(scope="session", params=DEVICES)
def tiled_engine(tiled_checkpoint: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    engine = load_engine(EngineSettings(str(tiled_checkpoint), device=request.param, dtype="float32"))
    yield engine
    engine.close()


@pytest.fixture
def own_engine(random_checkpoint: Path) -> Any:
    """An engine that a test may break or close."""
    engine = Engine(load_checkpoint(EngineSettings(str(random_checkpoint), device="cpu")))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def reference(random_checkpoint: Path) -> Reference:
    return Reference(random_checkpoint)


@pytest.fixture(scope="session")
def tiled_reference(tiled_checkpoint: Path) -> Reference:
    return Reference(tiled_checkpoint)
