"""An album that is indexed, and a model that answers from it."""

from pathlib import Path

import pytest

from langchain_llava_o1 import Collection, index_folder
from tests.rag.album import answering_model, describing_model, draw, in_memory
from tests.scripted_model import ScriptedModel


@pytest.fixture
def album(tmp_path: Path) -> Path:
    for colour in ("red", "green", "blue"):
        draw(tmp_path / "album" / f"{colour}.png", colour)
    (tmp_path / "album" / "notes.md").write_text("A green picture means go.")
    return tmp_path / "album"


@pytest.fixture
def collection(album: Path, tmp_path: Path) -> Collection:
    collection = in_memory(tmp_path)
    index_folder(album, collection, describing_model())
    return collection


@pytest.fixture
def model() -> ScriptedModel:
    return answering_model()
