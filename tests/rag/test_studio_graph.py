"""The graph that LangGraph Studio shows answers with a collection and without one."""

import base64
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphs.multimodal_rag import create_graph
from langchain_llava_o1 import index_folder, open_collection
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.tiny import demo_picture_path
from tests.rag.album import describing_model, draw

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def built_anew() -> Iterator[None]:
    """The graph is kept, and with it the collection that it opened."""
    create_graph.cache_clear()
    yield
    create_graph.cache_clear()


def test_building_it_loads_neither_models_nor_stores() -> None:
    program = (
        "import sys; from graphs.multimodal_rag import create_graph; create_graph(); "
        "print(*{'torch', 'transformers', 'chromadb', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


async def test_without_a_collection_it_answers_from_the_shipped_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("LLAVA_O1_COLLECTION", raising=False)
    monkeypatch.delenv("LLAVA_O1_MODEL", raising=False)
    state = await create_graph().ainvoke(
        {"question": "How many small red circles are there? Answer briefly."}, context={"seed": 1}
    )
    assert state["messages"][-1].text == "2\n\n[1] pictures/demo.png"


async def test_it_answers_from_the_collection_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("LLAVA_O1_MODEL", raising=False)
    draw(tmp_path / "album" / "red.png", "red")
    index_folder(tmp_path / "album", open_collection(tmp_path / "collection"), describing_model())
    monkeypatch.setenv("LLAVA_O1_COLLECTION", str(tmp_path / "collection"))
    state = await create_graph().ainvoke({"question": "A red picture?"}, context={"candidates": 1, "seed": 1})
    assert [source["name"] for source in state["sources"]] == ["album/red.png"]


async def test_its_collection_is_searched_by_a_picture_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLAVA_O1_COLLECTION", raising=False)
    monkeypatch.delenv("LLAVA_O1_MODEL", raising=False)
    picture = base64.b64encode(demo_picture_path().read_bytes()).decode()
    given = {"question": "How many small red circles are there?", "image": picture, "retrieve_by": "image"}
    state = await create_graph().ainvoke(given, context={"seed": 1})
    assert state["messages"][-1].text == "2\n\n[1] pictures/demo.png"


def test_a_collection_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LLAVA_O1_COLLECTION", str(tmp_path / "none"))
    with pytest.raises(ConfigurationError, match="is no collection"):
        create_graph().invoke({"question": "A red picture?"})
