from pathlib import Path

import pytest

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.pictures.picture import digest_of
from langchain_llava_o1.rag.folder import hash_file, kind_of, list_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "b.png",
        "a.JPG",
        "below/c.webp",
        "notes.md",
        "table.csv",
        "d.pdf",
        ".hidden.png",
        ".git/d.png",
    ):
        path = tmp_path / "album" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "album"


def test_pictures_and_texts_are_listed_in_order_and_hidden_files_are_not(folder: Path) -> None:
    contents = list_folder(folder)
    assert [(file.name, file.kind) for file in contents.files] == [
        ("album/a.JPG", "picture"),
        ("album/b.png", "picture"),
        ("album/d.pdf", "pdf"),
        ("album/notes.md", "text"),
        ("album/below/c.webp", "picture"),
    ]
    (left_out,) = contents.left_out
    assert left_out.source == "album/table.csv"
    assert left_out.reason.startswith(".csv is none of ")


def test_the_collection_itself_is_passed_over(folder: Path) -> None:
    names = [file.name for file in list_folder(folder, excluded=folder / "below").files]
    assert "album/below/c.webp" not in names
    assert len(names) == 4


def test_a_link_that_leads_out_is_left_out_and_one_within_is_not(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (folder / "out.txt").symlink_to(secret)
    (folder / "within.md").symlink_to(folder / "notes.md")
    contents = list_folder(folder)
    assert "album/within.md" in [file.name for file in contents.files]
    assert ("album/out.txt", "a link that leads out of the folder") in [
        (each.source, each.reason) for each in contents.left_out
    ]


def test_what_is_no_folder_is_refused(folder: Path) -> None:
    for path in (folder / "b.png", folder / "missing"):
        with pytest.raises(ConfigurationError, match="is no folder"):
            list_folder(path)


def test_files_are_hashed_as_their_bytes_are(folder: Path) -> None:
    assert hash_file(folder / "b.png") == digest_of(b"x") != digest_of(b"y")


def test_kinds_go_by_the_ending() -> None:
    kinds = {name: kind_of(name) for name in ("a.PNG", "a.HEIC", "a.Pdf", "a.txt", "png", "a.png.zip")}
    assert list(kinds.values()) == ["picture", "picture", "pdf", "text", None, None]
