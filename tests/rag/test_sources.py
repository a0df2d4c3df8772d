from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document

from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.rag.folder import hash_file
from langchain_llava_o1.rag.sources import ShownSources, cite, format_citations, show_sources
from tests.rag.album import colour_of, draw


@pytest.fixture
def red(tmp_path: Path) -> Path:
    return draw(tmp_path / "red.png", "red")


def show(tmp_path: Path, *documents: Document) -> ShownSources:
    return show_sources(documents, ImagePolicy(allowed_roots=(tmp_path,)))


def indexed(path: Path, **metadata: Any) -> Document:
    return Document("content", metadata={"source": str(path), "content_hash": hash_file(path), **metadata})


def test_sources_are_numbered_and_shown_after_their_names(red: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("…")
    shown = show(
        tmp_path, indexed(red, name="album/red.png", score=0.5), indexed(notes, position="lines 3-9")
    )
    heading, picture, second_heading, text = shown.blocks(is_asked_with_picture=False)
    assert heading["text"] == "Picture 1 (album/red.png):"
    assert colour_of(picture) == "red"
    assert second_heading["text"] == f"Text 2 ({notes}, lines 3-9):"
    assert text == {"type": "text", "text": "content"}
    first, second = shown.sources
    assert first == {
        "number": 1,
        "kind": "picture",
        "name": "album/red.png",
        "source": str(red),
        "position": None,
        "score": 0.5,
        "content_hash": hash_file(red),
        "is_cited": False,
        "problem": None,
    }
    assert (second["kind"], second["score"]) == ("text", None)


def test_a_picture_that_is_the_only_one_needs_no_name(red: Path, tmp_path: Path) -> None:
    shown = show(tmp_path, indexed(red))
    assert [block["type"] for block in shown.blocks(is_asked_with_picture=False)] == ["image"]
    assert [block["type"] for block in shown.blocks(is_asked_with_picture=True)] == ["text", "image"]
    only_text = show(tmp_path, Document("content"))
    assert len(only_text.blocks(is_asked_with_picture=False)) == 2


def test_what_has_changed_or_is_gone_is_left_out_and_said(red: Path, tmp_path: Path) -> None:
    blue, notes, gone = draw(tmp_path / "blue.png", "blue"), tmp_path / "notes.md", tmp_path / "gone.txt"
    notes.write_text("before")
    gone.write_text("before")
    documents = [indexed(path) for path in (blue, red, notes, gone)]
    draw(red, "white")
    notes.write_text("after")
    gone.unlink()
    shown = show(tmp_path, indexed(red), *documents)
    assert [source["number"] for source in shown.sources] == [1, 2, None, None, None]
    problems = [source["problem"] for source in shown.sources]
    assert problems[:2] == [None, None]
    assert problems[2] == f"{red} has changed since it was indexed. Index its folder again."
    assert problems[3] == f"{notes} has changed since it was indexed. Index its folder again."
    assert problems[4] == f"{gone} cannot be read (No such file or directory)."
    red.unlink()
    (source,) = show(tmp_path, documents[1]).sources
    assert "cannot be read (No such file" in str(source["problem"])


def test_pictures_are_read_from_allowed_places_alone(red: Path, tmp_path: Path) -> None:
    shown = show(tmp_path / "elsewhere", indexed(red))
    assert not shown.exhibits
    assert "outside the allowed folders" in str(shown.sources[0]["problem"])


def test_documents_of_any_retriever_are_sources(red: Path, tmp_path: Path) -> None:
    shown = show(
        tmp_path,
        Document("a caption", metadata={"source": str(red)}),
        Document("a page", metadata={"source": "https://example.org/a.pdf", "page": 0}),
        Document("no metadata", id="7"),
    )
    assert [source["kind"] for source in shown.sources] == ["picture", "text", "text"]
    assert shown.sources[0]["content_hash"] == hash_file(red)
    assert shown.sources[1]["position"] == "page 1"
    assert shown.sources[2]["name"] == "7"


def test_what_the_model_names_is_cited_and_otherwise_all(red: Path, tmp_path: Path) -> None:
    documents = [Document("x", metadata={"source": name}) for name in ("a.txt", "b.txt", "c.txt")]
    sources = show(tmp_path, *documents).sources
    assert format_citations(cite(sources, ["Nothing is named."])) == "[1] a.txt\n[2] b.txt\n[3] c.txt"
    assert format_citations(cite(sources, ["As picture 2 shows", "see [3]"])) == "[2] b.txt\n[3] c.txt"
    # A number that none of them has names none.
    assert len(format_citations(cite(sources, ["Picture 12 is missing."])).splitlines()) == 3
    assert not any(source["is_cited"] for source in sources)
