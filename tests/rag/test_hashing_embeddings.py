import numpy as np
import pytest
from langchain_core.embeddings import Embeddings
from langchain_tests.unit_tests import EmbeddingsUnitTests

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.rag.hashing_embeddings import HashingEmbeddings


class TestStandard(EmbeddingsUnitTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return HashingEmbeddings


def likeness(first: str, second: str) -> float:
    return float(np.dot(*HashingEmbeddings().embed_documents([first, second])))


def test_shared_words_and_pieces_of_words_make_texts_alike() -> None:
    assert likeness("a small red star", "the red star") > likeness("a small red star", "the blue ring")
    assert likeness("two cars", "one car") > likeness("two cars", "one dog")
    assert likeness("A1 red, B2 blue", "A1 red, B2 blue") > likeness("A1 red, B2 blue", "A1 blue, B2 red")


def test_words_of_the_same_meaning_are_not_alike() -> None:
    # Said in the documentation, which would be wrong otherwise.
    assert likeness("automobile", "car") < 0.1


def test_vectors_have_length_one_or_none() -> None:
    vectors = HashingEmbeddings(size=64).embed_documents(["a red star", ""])
    assert [len(vector) for vector in vectors] == [64, 64]
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 0])


def test_documents_and_queries_are_embedded_alike() -> None:
    embeddings = HashingEmbeddings()
    assert embeddings.embed_query("a red star") == embeddings.embed_documents(["a red star"])[0]
    assert embeddings.embed_documents([]) == []


@pytest.mark.parametrize("size", [0, 62, 65])
def test_a_size_that_cannot_work_is_refused(size: int) -> None:
    with pytest.raises(ConfigurationError, match=f"got {size}"):
        HashingEmbeddings(size)
