"""A folder and its collection are kept in step."""

from pathlib import Path
from typing import Any

import pytest

from langchain_llava_o1 import Collection, index_folder, open_collection
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.rag.indexing import IndexProgress
from tests.rag.album import copy, describing_model, draw, stored
from tests.scripted_model import ScriptedModel


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


def test_the_same_picture_twice_is_described_once(
    album: Path, collection: Collection, model: ScriptedModel
) -> None:
    copy(album / "red.png", album / "twin.png")
    report = index_folder(album, collection, model)
    assert len(report.added) == 5
    assert report.num_captions == 3
    assert stored(collection)["album/twin.png"].page_content == "A red picture."
