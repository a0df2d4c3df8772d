import base64
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from langchain_llava_o1 import ChatLlavaO1, VisionTowerEmbeddings
from langchain_llava_o1.errors import ConfigurationError, ImageError
from tests.rag.album import draw
from tests.scripted_model import ScriptedModel


@pytest.fixture(scope="module")
def model(random_checkpoint: Path) -> ChatLlavaO1:
    return ChatLlavaO1(model=str(random_checkpoint), device="cpu")


def test_paths_bytes_and_data_urls_of_a_picture_give_the_same_vector(
    model: ChatLlavaO1, tmp_path: Path
) -> None:
    path = draw(tmp_path / "red.png", "red")
    url = f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
    embeddings = VisionTowerEmbeddings(model)

    (vector,) = embeddings.embed_documents([str(path)])
    assert np.linalg.norm(vector) == pytest.approx(1)
    assert embeddings.embed_query(url) == pytest.approx(vector)
    assert embeddings.embed_image([str(path)])[0] == pytest.approx(vector)
    assert model.embed_images([path.read_bytes()])[0] == pytest.approx(vector)


async def test_the_async_ways_give_the_same(model: ChatLlavaO1, tmp_path: Path) -> None:
    paths = [str(draw(tmp_path / f"{colour}.png", colour)) for colour in ("red", "blue")]
    embeddings = VisionTowerEmbeddings(model)

    vectors = await embeddings.aembed_documents(paths)
    assert np.allclose(vectors, embeddings.embed_documents(paths), atol=1e-5)
    assert await embeddings.aembed_query(paths[1]) == pytest.approx(vectors[1], abs=1e-5)
    with pytest.raises(ImageError, match="no text"):
        await embeddings.aembed_query("a red star")


def test_more_pictures_than_fit_one_request_are_all_embedded_in_order(
    model: ChatLlavaO1, tmp_path: Path
) -> None:
    colours = ["red", "blue"] * 20
    paths = [str(draw(tmp_path / f"{number}.png", colour)) for number, colour in enumerate(colours)]
    vectors = VisionTowerEmbeddings(model).embed_documents(paths)
    assert len(vectors) == 40
    assert vectors[38] == pytest.approx(vectors[0], abs=1e-5)
    assert vectors[39] == pytest.approx(vectors[1], abs=1e-5)
    assert vectors[0] != pytest.approx(vectors[1], abs=1e-3)


def test_text_is_refused_with_a_hint(model: ChatLlavaO1) -> None:
    with pytest.raises(ImageError, match=r"a red star: .* embeds pictures, .* and no text"):
        VisionTowerEmbeddings(model).embed_query("a red star")


def test_settings_tell_towers_apart_and_make_them_again(model: ChatLlavaO1) -> None:
    embeddings = VisionTowerEmbeddings(model, pooling="mean", layers="all")
    assert embeddings.settings != VisionTowerEmbeddings(model).settings
    assert VisionTowerEmbeddings.from_settings(embeddings.settings).settings == embeddings.settings


def test_what_cannot_work_is_refused(model: ChatLlavaO1) -> None:
    with pytest.raises(ConfigurationError, match="pooling must be one of max, mean, got 'min'"):
        VisionTowerEmbeddings(model, pooling=cast("Any", "min"))
    with pytest.raises(ConfigurationError, match="layers must be one of"):
        VisionTowerEmbeddings(model, layers=cast("Any", "first"))
    with pytest.raises(ConfigurationError, match="ScriptedModel, whose vision tower cannot be asked"):
        VisionTowerEmbeddings(cast("Any", ScriptedModel()))
