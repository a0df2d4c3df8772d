"""A folder and its collection are kept in step, whatever happens to the files."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.vectorstores import InMemoryVectorStore

from langchain_llava_o1 import (
    ChatLlavaO1,
    Collection,
    HashingEmbeddings,
    VisionTowerEmbeddings,
    index_folder,
    open_collection,
)
from langchain_llava_o1.errors import ConfigurationError, GenerationError, MessageError
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.rag import indexing
from langchain_llava_o1.rag.indexing import IndexProgress
from langchain_llava_o1.rag.manifest import Manifest
from tests.rag.album import copy, describe, describing_model, draw, in_memory, pictures_of, stored
from tests.scripted_model import Call, Reply, ScriptedModel


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


def test_pictures_are_stored_by_their_captions_and_texts_in_passages(
    album: Path, collection: Collection, model: ScriptedModel
) -> None:
    report = index_folder(album, collection, model)
    assert sorted(report.added) == ["album/blue.png", "album/green.png", "album/notes.md", "album/red.png"]
    assert report.num_captions == 3

    documents = stored(collection)
    red = documents["album/red.png"]
    assert red.page_content == "A red picture."
    assert red.metadata["source"] == str(album / "red.png")
    assert red.metadata["kind"] == "picture"
    assert documents["album/notes.md line 1"].page_content == "First line."
    assert documents["album/notes.md line 3"].metadata["kind"] == "text"
    if collection.pictures is not None:
        (nearest,) = collection.pictures.similarity_search(str(album / "red.png"), k=1)
        assert (nearest.metadata["name"], nearest.metadata["caption"]) == ("album/red.png", "A red picture.")


def test_what_is_unchanged_is_left_alone(album: Path, collection: Collection, model: ScriptedModel) -> None:
    index_folder(album, collection, model)
    before = stored(collection)
    report = index_folder(album, collection, model)
    assert len(report.unchanged) == 4
    assert not report.added
    assert report.num_captions == 0
    assert len(model.calls) == 3
    assert stored(collection) == before


def test_what_has_changed_is_replaced(album: Path, collection: Collection, model: ScriptedModel) -> None:
    index_folder(album, collection, model)
    draw(album / "red.png", "white")
    (album / "notes.md").write_text("Only this.")
    report = index_folder(album, collection, model)
    assert sorted(report.changed) == ["album/notes.md", "album/red.png"]
    documents = stored(collection)
    assert documents["album/red.png"].page_content == "A white picture."
    # The passages that the text no longer has are gone.
    assert sorted(documents) == [
        "album/blue.png",
        "album/green.png",
        "album/notes.md line 1",
        "album/red.png",
    ]


def test_what_is_deleted_is_removed(album: Path, collection: Collection, model: ScriptedModel) -> None:
    index_folder(album, collection, model)
    (album / "red.png").unlink()
    (album / "notes.md").unlink()
    report = index_folder(album, collection, model)
    assert sorted(report.removed) == [str(album / "notes.md"), str(album / "red.png")]
    assert sorted(stored(collection)) == ["album/blue.png", "album/green.png"]
    if collection.pictures is not None:
        assert len(collection.pictures.similarity_search(str(album / "blue.png"), k=9)) == 2


def test_what_is_renamed_or_copied_keeps_its_caption(
    album: Path, collection: Collection, model: ScriptedModel
) -> None:
    index_folder(album, collection, model)
    (album / "red.png").rename(album / "crimson.png")
    copy(album / "blue.png", album / "below" / "blue again.png")
    report = index_folder(album, collection, model)
    assert sorted(report.added) == ["album/below/blue again.png", "album/crimson.png"]
    assert report.removed == (str(album / "red.png"),)
    assert report.num_captions == 0
    documents = stored(collection)
    assert documents["album/crimson.png"].page_content == "A red picture."
    assert documents["album/below/blue again.png"].page_content == "A blue picture."
    assert "album/red.png" not in documents


def test_what_cannot_be_read_is_reported_and_the_rest_goes_on(
    album: Path, collection: Collection, model: ScriptedModel
) -> None:
    (album / "broken.png").write_bytes(b"\x89PNG")
    (album / "empty.txt").write_text(" \n")
    (album / "latin.txt").write_bytes("Käse".encode("latin-1"))
    (album / "big.txt").write_text("x" * 3000)
    (album / "gone.md").symlink_to(album / "nowhere.md")
    (album / "paper.pdf").write_bytes(b"%PDF")
    (album / "paper.docx").write_bytes(b"PK")
    report = index_folder(album, collection, model, image_policy=ImagePolicy(max_bytes=2000))
    reasons = {failed.source: failed.reason for failed in report.failed}
    assert sorted(reasons) == [
        f"album/{name}"
        for name in ("big.txt", "broken.png", "empty.txt", "gone.md", "latin.txt", "paper.pdf")
    ]
    assert "3,000 bytes; at most 2,000" in reasons["album/big.txt"]
    assert reasons["album/paper.pdf"].startswith("The 4 bytes, which begin with b'%PDF', are no PDF file")
    assert reasons["album/broken.png"].startswith("The 4 bytes, which begin with")
    assert "not in UTF-8 (byte 1)" in reasons["album/latin.txt"]
    assert "cannot be read (No such file" in reasons["album/gone.md"]
    assert [left_out.source for left_out in report.left_out] == ["album/paper.docx"]
    assert len(report.added) == 4


def test_what_was_readable_and_is_broken_now_is_removed(
    album: Path, collection: Collection, model: ScriptedModel
) -> None:
    index_folder(album, collection, model)
    (album / "red.png").write_bytes(b"broken")
    report = index_folder(album, collection, model)
    assert [failed.source for failed in report.failed] == ["album/red.png"]
    assert report.removed == (str(album / "red.png"),)
    assert "album/red.png" not in stored(collection)


def failing(colour: str, error: Exception) -> Callable[[Call], Reply]:
    def write(call: Call) -> Reply:
        if colour in pictures_of(call):
            raise error
        return describe(call)

    return write


def test_a_picture_that_the_model_refuses_is_reported(album: Path, collection: Collection) -> None:
    report = index_folder(album, collection, describing_model(failing("green", MessageError("too green"))))
    assert [(failed.source, failed.reason) for failed in report.failed] == [("album/green.png", "too green")]
    assert len(report.added) == 3


def test_a_failure_of_the_model_stops_the_index_and_keeps_what_was_done(
    album: Path, collection: Collection, model: ScriptedModel
) -> None:
    with pytest.raises(GenerationError, match="no more"):
        index_folder(album, collection, describing_model(failing("green", GenerationError("no more"))))
    # The rest of the failing batch was described, and is kept, too.
    report = index_folder(album, collection, model)
    assert report.added == ("album/green.png",)
    assert report.num_captions == 1


def test_batches_are_reported_and_kept_one_by_one(album: Path, collection: Collection) -> None:
    seen: list[tuple[IndexProgress, int]] = []

    def note(progress: IndexProgress) -> None:
        seen.append((progress, len(collection.manifest.files_below(album))))

    index_folder(album, collection, describing_model(), batch_size=3, report=note)
    assert seen == [
        (IndexProgress(0, 4), 0),
        (IndexProgress(3, 4), 3),
        (IndexProgress(4, 4), 4),
    ]


def test_one_collection_may_hold_several_folders(
    album: Path, collection: Collection, model: ScriptedModel, tmp_path: Path
) -> None:
    other = draw(tmp_path / "other" / "white.png", "white").parent
    index_folder(album, collection, model)
    report = index_folder(other, collection, model)
    assert report.added == ("other/white.png",)
    assert not report.removed
    assert len(stored(collection)) == 6
    assert collection.manifest.folders == (album, other)


def test_a_collection_inside_its_folder_does_not_index_itself(album: Path, model: ScriptedModel) -> None:
    collection = open_collection(album / "collection")
    (album / "collection" / "readme.md").write_text("part of the collection")
    assert len(index_folder(album, collection, model).added) == 4


def test_the_request_for_captions_can_be_chosen(
    album: Path, collection: Collection, model: ScriptedModel
) -> None:
    index_folder(album, collection, model, request="What animals are here?")
    assert {call.messages[0].text for call in model.calls} == {"What animals are here?"}


def test_a_batch_of_nothing_is_refused(album: Path, collection: Collection, model: ScriptedModel) -> None:
    given: dict[str, Any] = {"batch_size": 0}
    with pytest.raises(ConfigurationError, match="batch_size must be at least 1, got 0"):
        index_folder(album, collection, model, **given)


class FailingStore(InMemoryVectorStore):
    """A store that is out of reach for a while."""

    is_failing = False

    def add_documents(
        self, documents: list[Document], ids: list[str] | None = None, **options: Any
    ) -> list[str]:
        if self.is_failing:
            raise ConnectionError("the store cannot be reached")
        return super().add_documents(documents, ids=ids, **options)


def test_a_store_that_fails_midway_leaves_nothing_behind_that_is_taken_for_done(
    album: Path, tmp_path: Path, model: ScriptedModel
) -> None:
    store = FailingStore(HashingEmbeddings())
    collection = Collection(texts=store, manifest=Manifest(tmp_path / "files.sqlite"))
    index_folder(album, collection, model)
    before = stored(collection)
    notes = (album / "notes.md").read_text()

    (album / "notes.md").write_text("Other words.")
    store.is_failing = True
    with pytest.raises(ConnectionError):
        index_folder(album, collection, model)
    store.is_failing = False
    (album / "notes.md").write_text(notes)
    assert index_folder(album, collection, model).changed == ("album/notes.md",)
    assert stored(collection) == before

    (album / "notes.md").write_text("Other words.")
    store.is_failing = True
    with pytest.raises(ConnectionError):
        index_folder(album, collection, model)
    store.is_failing = False
    (album / "notes.md").unlink()
    index_folder(album, collection, model)
    assert not any(name.startswith("album/notes.md") for name in stored(collection))


def test_a_folder_that_is_empty_or_gone_for_the_moment_loses_nothing(
    album: Path, collection: Collection, model: ScriptedModel, tmp_path: Path
) -> None:
    index_folder(album, collection, model)
    before = stored(collection)
    album.rename(tmp_path / "elsewhere")
    with pytest.raises(
        ConfigurationError, match=r"no folder any more. Its 4 indexed files stay; allow_empty"
    ):
        index_folder(album, collection, model)
    album.mkdir()
    with pytest.raises(ConfigurationError, match="nothing that can be indexed any more"):
        index_folder(album, collection, model)
    assert stored(collection) == before

    album.rmdir()
    assert len(index_folder(album, collection, model, allow_empty=True).removed) == 4
    assert stored(collection) == {}


def test_what_cannot_be_read_for_the_moment_is_kept(
    album: Path, collection: Collection, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(album / "below" / "white.png", "white")
    index_folder(album, collection, model)
    before = stored(collection)

    def refuse(path: Path) -> str:
        raise OSError(errno.EIO, "Input/output error", str(path))

    scandir = os.scandir

    def refuse_below(path: Any) -> Any:
        if Path(path).name == "below":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    with monkeypatch.context() as patched:
        patched.setattr(indexing, "hash_file", refuse)
        report = index_folder(album, collection, model)
        assert len(report.failed) == 5
        assert report.removed == ()
    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", refuse_below)
        report = index_folder(album, collection, model)
        assert [failed.source for failed in report.failed] == [str(album / "below")]
        assert report.removed == ()
    assert stored(collection) == before
    assert len(model.calls) == 4


def test_a_picture_that_the_embeddings_refuse_is_reported(
    album: Path, tmp_path: Path, model: ScriptedModel
) -> None:
    tower = VisionTowerEmbeddings(ChatLlavaO1(model="tiny", max_image_pixels=100))
    collection = Collection(
        texts=InMemoryVectorStore(HashingEmbeddings()),
        pictures=InMemoryVectorStore(tower),
        manifest=Manifest(tmp_path / "files.sqlite"),
    )
    draw(album / "big.png", "white", size=40)
    report = index_folder(album, collection, model)
    assert [failed.source for failed in report.failed] == ["album/big.png"]
    assert "at most 100" in report.failed[0].reason
    assert len(report.added) == 4
    assert "album/big.png" not in stored(collection)


def test_the_same_picture_twice_is_described_once(
    album: Path, collection: Collection, model: ScriptedModel
) -> None:
    copy(album / "red.png", album / "twin.png")
    report = index_folder(album, collection, model)
    assert len(report.added) == 5
    assert report.num_captions == 3
    assert stored(collection)["album/twin.png"].page_content == "A red picture."


def test_a_name_that_is_no_text_is_reported(
    album: Path, collection: Collection, model: ScriptedModel
) -> None:
    path = os.fsencode(album) + b"/caf\xe9.txt"
    with open(path, "w") as file:
        file.write("Coffee.")
    (album.parent / "other").mkdir()
    (album / "linked").symlink_to(album.parent / "other")
    report = index_folder(album, collection, model)
    assert len(report.added) == 4
    assert {left.reason for left in report.left_out} == {"its name is not in UTF-8", "a link to a folder"}
