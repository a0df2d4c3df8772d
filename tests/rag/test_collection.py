import json
import sys
from pathlib import Path

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding

from langchain_llava_o1 import ChatLlavaO1, HashingEmbeddings, VisionTowerEmbeddings, open_collection
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.rag.collection import embeddings_name, is_collection, read_embeddings


class NamedEmbeddings(DeterministicFakeEmbedding):
    model: str = "first"


def tower(model: str = "tiny", **settings: str) -> VisionTowerEmbeddings:
    return VisionTowerEmbeddings(ChatLlavaO1(model=model), **settings)  # type: ignore[arg-type]


def test_a_new_collection_has_hashing_embeddings_and_no_store_of_pictures(tmp_path: Path) -> None:
    assert not is_collection(tmp_path / "new")
    collection = open_collection(tmp_path / "new")
    assert is_collection(tmp_path / "new")
    assert isinstance(collection.texts.embeddings, HashingEmbeddings)
    assert collection.pictures is None
    assert json.loads((tmp_path / "new" / "collection.json").read_text())["embeddings"] == "hashing"


def test_a_collection_is_opened_with_what_it_was_built_with(tmp_path: Path) -> None:
    open_collection(tmp_path / "new", picture_embeddings=tower(pooling="mean"))
    again = open_collection(tmp_path / "new")
    assert again.pictures is not None
    assert isinstance(again.pictures.embeddings, VisionTowerEmbeddings)
    assert again.pictures.embeddings.settings == tower(pooling="mean").settings
    open_collection(tmp_path / "new", embeddings="hashing", picture_embeddings=tower(pooling="mean"))


def test_it_is_not_opened_with_other_embeddings(tmp_path: Path) -> None:
    open_collection(tmp_path / "tower", picture_embeddings=tower())
    for other in (tower("other"), tower(pooling="mean")):
        with pytest.raises(ConfigurationError, match=r"model tiny \(max of final\), not picture embeddings"):
            open_collection(tmp_path / "tower", picture_embeddings=other)
    with pytest.raises(ConfigurationError, match="text embeddings hashing, not hashing of size 64"):
        open_collection(tmp_path / "tower", embeddings=HashingEmbeddings(64))
    open_collection(tmp_path / "texts")
    with pytest.raises(ConfigurationError, match="no picture embeddings, not picture embeddings of"):
        open_collection(tmp_path / "texts", picture_embeddings=tower())


def test_embeddings_of_ones_own_are_told_apart_by_class_and_model(tmp_path: Path) -> None:
    first = NamedEmbeddings(size=8)
    open_collection(tmp_path / "own", embeddings=first)
    open_collection(tmp_path / "own", embeddings=first)
    with pytest.raises(ConfigurationError, match=r"Embeddings\(first\), not .*Embeddings\(second\)"):
        open_collection(tmp_path / "own", embeddings=NamedEmbeddings(size=8, model="second"))
    with pytest.raises(ConfigurationError, match=r"Open it in Python: open_collection\(path, embeddings=…\)"):
        open_collection(tmp_path / "own")


def test_embeddings_are_made_from_their_name() -> None:
    assert embeddings_name(read_embeddings("hashing")) == "hashing"
    with pytest.raises(ConfigurationError, match="no embeddings 'glove'"):
        read_embeddings("glove")
    with pytest.raises(ConfigurationError, match="'nobody:model' cannot be made"):
        read_embeddings("nobody:model")


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="is not empty and no collection"):
        open_collection(tmp_path)
    with pytest.raises(ConfigurationError, match=r"is no collection\. Make one: llava-o1 index"):
        open_collection(tmp_path, must_exist=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_another_format_and_a_damaged_description_are_said(tmp_path: Path) -> None:
    open_collection(tmp_path / "new")
    description = tmp_path / "new" / "collection.json"
    told = json.loads(description.read_text())
    description.write_text(json.dumps(told | {"format": 99}))
    with pytest.raises(ConfigurationError, match=r"has format 99; .* reads 1"):
        open_collection(tmp_path / "new")
    for damaged in ("{", "[]", json.dumps(told | {"surprise": 1})):
        description.write_text(damaged)
        with pytest.raises(ConfigurationError, match=r"collection\.json is damaged"):
            open_collection(tmp_path / "new")


def test_without_chroma_the_extra_is_named_and_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "langchain_chroma", None)
    with pytest.raises(ConfigurationError, match=r"langchain-llava-o1\[rag\]"):
        open_collection(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_chroma_reports_nothing_and_embeds_nothing_by_itself(tmp_path: Path) -> None:
    texts = open_collection(tmp_path / "new").texts
    # Chroma tells neither elsewhere.
    assert texts._client.get_settings().anonymized_telemetry is False  # type: ignore[attr-defined] # noqa: SLF001
    assert texts._collection._embedding_function is None  # type: ignore[attr-defined] # noqa: SLF001
