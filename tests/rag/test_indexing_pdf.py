"""Each page of a PDF file is an entry of its own that cites file and page."""

import sys
from pathlib import Path
from typing import Any

import pytest

from langchain_llava_o1 import Collection, create_multimodal_rag, create_single_pass, index_folder
from langchain_llava_o1.errors import MessageError
from langchain_llava_o1.pictures.policy import ImagePolicy
from tests.rag.album import (
    answering_model,
    copy,
    describe,
    describing_model,
    draw_pdf,
    in_memory,
    pictures_of,
    stored,
)
from tests.scripted_model import Call, Reply

ONE: Any = {"seed": 1}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return draw_pdf(tmp_path / "papers" / "paper.pdf", "red", "green", "blue").parent


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    return in_memory(tmp_path)


def test_pages_are_described_and_found_by_text_and_by_picture(folder: Path, collection: Collection) -> None:
    report = index_folder(folder, collection, describing_model())
    assert (report.added, report.num_captions) == (("papers/paper.pdf",), 3)
    assert {place: document.page_content for place, document in stored(collection).items()} == {
        "papers/paper.pdf page 1": "A red picture.",
        "papers/paper.pdf page 2": "A green picture.",
        "papers/paper.pdf page 3": "A blue picture.",
    }
    retriever = collection.as_retriever(1)
    for found in (
        retriever.invoke("a blue picture"),
        retriever.invoke("", image=f"{folder}/paper.pdf#page=3"),
    ):
        assert (found[0].page_content, found[0].metadata["page"]) == ("A blue picture.", 2)


def test_an_answer_shows_the_page_and_cites_it(folder: Path, collection: Collection) -> None:
    index_folder(folder, collection, describing_model())
    model = answering_model()
    graph = create_multimodal_rag(collection.as_retriever(2), create_single_pass(model)).compile()
    state = graph.invoke({"question": "A green picture?"}, context=ONE)
    assert pictures_of(model.calls[0])[0] == "green"
    assert "Picture 1 (papers/paper.pdf, page 2):" in str(state["messages"][0].text)
    assert "\n[1] papers/paper.pdf, page 2\n" in state["messages"][-1].text
    assert state["sources"][0]["source"] == f"{folder}/paper.pdf"

    draw_pdf(folder / "paper.pdf", "red", "white", "blue")
    changed = graph.invoke({"question": "A green picture?"}, context=ONE)
    assert {source["problem"] for source in changed["sources"]} == {
        f"{folder}/paper.pdf has changed since it was indexed. Index its folder again."
    }


def test_pages_keep_their_captions_and_go_with_their_file(folder: Path, collection: Collection) -> None:
    model = describing_model()
    index_folder(folder, collection, model)
    copy(folder / "paper.pdf", folder / "copy.pdf")
    report = index_folder(folder, collection, model)
    assert (report.added, report.unchanged, report.num_captions) == (
        ("papers/copy.pdf",),
        ("papers/paper.pdf",),
        0,
    )
    assert stored(collection)["papers/copy.pdf page 2"].page_content == "A green picture."

    (folder / "copy.pdf").unlink()
    draw_pdf(folder / "paper.pdf", "white")
    report = index_folder(folder, collection, model)
    assert (report.changed, report.num_captions) == (("papers/paper.pdf",), 1)
    assert list(stored(collection)) == ["papers/paper.pdf page 1"]
    assert collection.pictures is not None
    assert len(collection.pictures.similarity_search(f"{folder}/paper.pdf#page=1", k=9)) == 1


def test_a_file_one_of_whose_pages_cannot_be_described_is_left_out_whole(
    folder: Path, collection: Collection
) -> None:
    def write(call: Call) -> Reply:
        if pictures_of(call) == ["green"]:
            raise MessageError("too green")
        return describe(call)

    draw_pdf(folder / "other.pdf", "blue", "white")
    report = index_folder(folder, collection, describing_model(write))
    assert [(failed.source, failed.reason) for failed in report.failed] == [("papers/paper.pdf", "too green")]
    # What comes after it in the same batch has its own captions.
    assert {place: document.page_content for place, document in stored(collection).items()} == {
        "papers/other.pdf page 1": "A blue picture.",
        "papers/other.pdf page 2": "A white picture.",
    }


def test_what_cannot_be_read_is_said(
    folder: Path, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = ImagePolicy(max_pdf_pages=2)
    (failed,) = index_folder(folder, collection, describing_model(), image_policy=few).failed
    assert "3 pages of a PDF are to be read; at most 2 are allowed" in failed.reason
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    draw_pdf(folder / "paper.pdf", "red", "white")
    (failed,) = index_folder(folder, collection, describing_model()).failed
    assert 'pip install "langchain-llava-o1[pdf]"' in failed.reason
