"""Engines and references over the random checkpoints."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.registry import load_engine
from langchain_llava_o1.engine.settings import EngineSettings
from tests.engine.reference import Reference


@pytest.fixture(scope="session")
def engine(random_checkpoint: Path) -> Iterator[Engine]:
    engine = load_engine(EngineSettings(str(random_checkpoint), device="cpu"))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def tiled_engine(tiled_checkpoint: Path) -> Iterator[Engine]:
    engine = load_engine(EngineSettings(str(tiled_checkpoint), device="cpu"))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def reference(random_checkpoint: Path) -> Reference:
    return Reference(random_checkpoint)


@pytest.fixture(scope="session")
def tiled_reference(tiled_checkpoint: Path) -> Reference:
    return Reference(tiled_checkpoint)
