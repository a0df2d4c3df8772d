"""Three pictures and a text, and collections to index them into."""

from pathlib import Path

import pytest

from langchain_llava_o1 import Collection, open_collection
from tests.rag.album import describing_model, draw, in_memory
from tests.scripted_model import ScriptedModel


@pytest.fixture
def album(tmp_path: Path) -> Path:
    for colour in ("red", "green", "blue"):
        draw(tmp_path / "album" / f"{colour}.png", colour)
    (tmp_path / "album" / "notes.md").write_text("First line.\n\n" + "word " * 250)
    return tmp_path / "album"


@pytest.fixture(params=["in memory", "Chroma"])
def collection(request: pytest.FixtureRequest, tmp_path: Path) -> Collection:
    return in_memory(tmp_path) if request.param == "in memory" else open_collection(tmp_path / "collection")


@pytest.fixture
def model() -> ScriptedModel:
    return describing_model()
