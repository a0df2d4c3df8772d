import base64
from pathlib import Path

import pytest
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_tests.integration_tests import RetrieversIntegrationTests

from langchain_llava_o1 import HashingEmbeddings, MultimodalRetriever, index_folder
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.rag.retriever import fuse_rankings
from tests.rag.album import describing_model, draw, in_memory


class TestStandard(RetrieversIntegrationTests):
    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return MultimodalRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, object]:
        store = InMemoryVectorStore(HashingEmbeddings())
        store.add_texts([f"picture {number}" for number in range(6)])
        return {"texts": store}

    @property
    def retriever_query_example(self) -> str:
        return "picture"


@pytest.fixture
def retriever(tmp_path: Path) -> MultimodalRetriever:
    for colour in ("red", "green", "blue"):
        draw(tmp_path / "album" / f"{colour}.png", colour)
    collection = in_memory(tmp_path)
    index_folder(tmp_path / "album", collection, describing_model())
    return collection.as_retriever(2)


def data_url(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def names(documents: list[Document]) -> list[str]:
    return [document.metadata["name"] for document in documents]


def test_a_text_finds_captions_and_a_picture_finds_pictures(
    retriever: MultimodalRetriever, tmp_path: Path
) -> None:
    assert names(retriever.invoke("something green"))[0] == "album/green.png"
    found = retriever.invoke("", image=data_url(draw(tmp_path / "query.png", "blue", size=5)))
    assert names(found)[0] == "album/blue.png"
    assert found[0].page_content == "A blue picture."
    assert found[0].metadata["score"] == pytest.approx(1 / 61)
    assert "caption" not in found[0].metadata


def test_both_together_find_what_either_finds(retriever: MultimodalRetriever, tmp_path: Path) -> None:
    image = data_url(draw(tmp_path / "query.png", "blue"))
    both = retriever.invoke("something green", image=image)
    assert set(names(both)) == {"album/green.png", "album/blue.png"}
    assert names(retriever.invoke("something green", image=image, by="text"))[0] == "album/green.png"
    assert names(retriever.invoke("something green", image=image, by="image"))[0] == "album/blue.png"


async def test_ainvoke_takes_the_same(retriever: MultimodalRetriever, tmp_path: Path) -> None:
    image = data_url(draw(tmp_path / "query.png", "blue"))
    assert names(await retriever.ainvoke("green", image=image, by="image", k=1)) == ["album/blue.png"]


def test_nothing_to_search_by_is_said(retriever: MultimodalRetriever) -> None:
    with pytest.raises(ConfigurationError, match="search by: the text is ' ', there is no picture"):
        retriever.invoke(" ")
    with pytest.raises(ConfigurationError, match="nothing to search by"):
        retriever.invoke("green", by="image")
    with pytest.raises(ConfigurationError, match="nothing to search by"):
        retriever.invoke("green", by="both")
    with pytest.raises(ConfigurationError, match="by must be one of text, image, both, got 'sound'"):
        retriever.invoke("green", by="sound")


def test_without_a_store_of_pictures_a_picture_alone_cannot_be_searched_by(
    retriever: MultimodalRetriever,
) -> None:
    texts_only = MultimodalRetriever(texts=retriever.texts)
    assert names(texts_only.invoke("green", image="data:,"))[0] == "album/green.png"
    for query, by in (("", None), ("green", "image"), ("green", "both")):
        with pytest.raises(ConfigurationError, match="no store of pictures"):
            texts_only.invoke(query, image="data:,", by=by)


def document(source: str | None, position: str | None = None, content: str = "") -> Document:
    given = {"source": source, "position": position}
    return Document(content, metadata={name: value for name, value in given.items() if value})


def test_ranks_are_fused_by_reciprocals() -> None:
    a, b, c = (document(name) for name in "abc")
    fused = fuse_rankings([[a, b], [c, b, b]])
    assert [found.metadata["source"] for found in fused] == ["b", "a", "c"]
    assert [found.metadata["score"] for found in fused] == pytest.approx([1 / 62 + 1 / 62, 1 / 61, 1 / 61])


def test_a_source_found_twice_counts_once_and_its_passages_are_apart() -> None:
    fused = fuse_rankings([[document("a", "line 1"), document("a", "line 1"), document("a", "line 2")]])
    assert [found.metadata["position"] for found in fused] == ["line 1", "line 2"]
    assert fused[1].metadata["score"] == pytest.approx(1 / 62)
    assert len(fuse_rankings([[document(None, content="x"), document(None, content="y")]])) == 2
