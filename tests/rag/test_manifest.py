import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from langchain_llava_o1.rag.manifest import IndexedFile, Manifest


def file(source: str, content_hash: str = "1", caption: str | None = None) -> IndexedFile:
    return IndexedFile(source, content_hash, caption, frozenset({f"{source}-0", f"{source}-1"}))


def test_what_is_put_is_there_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "files.sqlite"
    Manifest(path).put([file("/a/x.png", caption="A dog."), file("/ab/y.md", "2")])
    manifest = Manifest(path)
    assert manifest.files_below(Path("/a")) == {"/a/x.png": file("/a/x.png", caption="A dog.")}
    assert manifest.find_caption("1") == "A dog."
    assert manifest.find_caption("2") is None

    manifest.put([file("/a/x.png", "3", "A cat.")])
    assert manifest.find_caption("1") is None
    manifest.remove(["/a/x.png"])
    assert set(manifest.files_below(Path("/"))) == {"/ab/y.md"}


def test_a_batch_is_put_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "files.sqlite")
    with pytest.raises(sqlite3.IntegrityError):
        manifest.put([file("/a.md"), IndexedFile("/b.md", None, None, frozenset())])  # type: ignore[arg-type]
    assert manifest.files_below(Path("/")) == {}


def test_folders_are_remembered_once(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "files.sqlite")
    for folder in ("/b", "/a", "/b"):
        manifest.add_folder(Path(folder))
    assert manifest.folders == (Path("/a"), Path("/b"))


def test_threads_may_share_it(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "files.sqlite")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: manifest.put([file(f"/{number}.md")]), range(20)))
    assert len(manifest.files_below(Path("/"))) == 20
