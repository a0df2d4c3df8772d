"""Fixtures shared by the tests."""

from pathlib import Path

import pytest


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
