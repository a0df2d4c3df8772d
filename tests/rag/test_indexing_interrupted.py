"""A collection on disk outlives interruptions, several in the same batch."""

import json
import sqlite3
from pathlib import Path

import pytest

from langchain_llava_o1 import HashingEmbeddings, index_folder, open_collection
from tests.rag.album import describing_model, draw, stored


class UnreachableEmbeddings(HashingEmbeddings):
    """Embeddings of a service that does not answer for a while."""

    is_reachable = False

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if not self.is_reachable:
            raise ConnectionError("the embeddings cannot be reached")
        return super().embed_documents(texts)


@pytest.fixture
def album(tmp_path: Path) -> Path:
    draw(tmp_path / "album" / "red.png", "red")
    (tmp_path / "album" / "notes.md").write_text("First line.\n\n" + "word " * 250)
    return tmp_path / "album"


@pytest.mark.parametrize("num_interruptions", [1, 2])
@pytest.mark.parametrize("is_known", [False, True])
def test_a_batch_that_is_interrupted_is_done_again(
    album: Path, tmp_path: Path, num_interruptions: int, is_known: bool
) -> None:
    embeddings = UnreachableEmbeddings()
    path = tmp_path / "collection"
    if is_known:
        embeddings.is_reachable = True
        index_folder(album, open_collection(path, embeddings=embeddings), describing_model())
        draw(album / "red.png", "green")
        (album / "notes.md").write_text("Other words.")
        embeddings.is_reachable = False
    for _ in range(num_interruptions):
        with pytest.raises(ConnectionError):
            index_folder(album, open_collection(path, embeddings=embeddings), describing_model())

    embeddings.is_reachable = True
    collection = open_collection(path, embeddings=embeddings)
    report = index_folder(album, collection, describing_model())
    # They are what they were before the first interruption: new, or known with another content.
    assert (len(report.added), len(report.changed)) == ((0, 2) if is_known else (2, 0))
    texts = sorted(document.page_content for document in stored(collection).values())
    if is_known:
        assert texts == ["A green picture.", "Other words."]
    else:
        assert {"A red picture.", "First line."} < set(texts)
    assert len(index_folder(album, collection, describing_model()).unchanged) == 2

    (album / "notes.md").unlink()
    index_folder(album, collection, describing_model())
    assert set(stored(collection)) == {"album/red.png"}


def test_a_collection_whose_manifest_has_ids_twice_can_be_updated(album: Path, tmp_path: Path) -> None:
    path = tmp_path / "collection"
    collection = open_collection(path)
    index_folder(album, collection, describing_model())
    # As interruptions left them while the ids were a list.
    with sqlite3.connect(path / "files.sqlite") as connection:
        for source, ids in connection.execute("SELECT source, ids FROM files").fetchall():
            twice = json.dumps(json.loads(ids) * 2)
            connection.execute(
                "UPDATE files SET content_hash = '', ids = ? WHERE source = ?", (twice, source)
            )
    connection.close()

    assert len(index_folder(album, collection, describing_model()).added) == 2
    (album / "notes.md").unlink()
    index_folder(album, collection, describing_model())
    assert set(stored(collection)) == {"album/red.png"}
