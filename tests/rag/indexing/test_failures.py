"""What cannot be read, described or stored is reported, and nothing else is lost for it."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.vectorstores import InMemoryVectorStore

from langchain_llava_o1 import ChatLlavaO1, Collection, HashingEmbeddings, VisionTowerEmbeddings, index_folder
from langchain_llava_o1.errors import ConfigurationError, GenerationError, MessageError
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.rag import indexing
from langchain_llava_o1.rag.manifest import Manifest
from tests.rag.album import describe, describing_model, draw, pictures_of, stored
from tests.scripted_model import Call, Reply, ScriptedModel


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
