"""Fixtures shared by the tests."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

from langchain_llava_o1.chat import local_engine
from tests.scripted_engine import Script, ScriptedEngine

# How long an example takes says more about the machine than about the code.
settings.register_profile("project", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")


@pytest.fixture(scope="session")
def random_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Mllama with random weights, one tile per picture."""
    from tests.checkpoints import save_random_checkpoint

    return save_random_checkpoint(tmp_path_factory.mktemp("random-checkpoint"))


@pytest.fixture(scope="session")
def tiled_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Mllama with random weights, up to four tiles per picture."""
    from tests.checkpoints import save_random_checkpoint

    return save_random_checkpoint(tmp_path_factory.mktemp("tiled-checkpoint"), max_num_tiles=4)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture's file."""
    path = tmp_path / "picture.png"
    Image.new("RGB", (24, 16), "teal").save(path)
    return path


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """Replace the engine by one that writes a given text."""

    def install(text: str, **options: Any) -> ScriptedEngine:
        engine = ScriptedEngine(text, **options)
        monkeypatch.setattr(local_engine, "load_engine", lambda settings: engine)
        return engine

    return install
