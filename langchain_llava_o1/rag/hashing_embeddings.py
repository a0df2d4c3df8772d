"""Text embeddings that need no download and no training: hashed words and pieces of words."""

from typing import Any

from langchain_core.embeddings import Embeddings

from langchain_llava_o1.errors import ConfigurationError

_DEFAULT_SIZE = 2048


class HashingEmbeddings(Embeddings):
    """Embeds texts by the words that they are written in.

    Half of a vector counts words and pairs of words, the other half pieces of words of three to five
    characters, each at a place that a hash function chooses (scikit-learn's ``HashingVectorizer``; K.
    Weinberger et al., 2009). The same text gives the same vector everywhere. Texts are alike where they share
    words: "car" finds "cars", but not "automobile". For likeness of meaning, use any other ``Embeddings``.
    """

    def __init__(self, size: int = _DEFAULT_SIZE) -> None:
        """Prepare the two vectorizers.

        Args:
            size: Length of a vector; an even number of 64 or more.

        Raises:
            ConfigurationError: If the size is none, or scikit-learn is missing.
        """
        if size < 64 or size % 2:
            raise ConfigurationError(f"size must be an even number of 64 or more, got {size!r}.")
        try:
            from sklearn.feature_extraction.text import HashingVectorizer
        except ImportError as error:
            raise ConfigurationError(
                'HashingEmbeddings needs scikit-learn: pip install "langchain-llava-o1[rag]", or use other '
                "Embeddings."
            ) from error
        self.size = size
        # One letter can be a word: "A" and "B" may be all that tells two texts apart.
        words = HashingVectorizer(n_features=size // 2, ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b")
        pieces = HashingVectorizer(n_features=size // 2, ngram_range=(3, 5), analyzer="char_wb")
        self._vectorizers: tuple[Any, Any] = (words, pieces)

    @property
    def name(self) -> str:
        """What a collection calls them."""
        return "hashing" if self.size == _DEFAULT_SIZE else f"hashing of size {self.size}"

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts; vectors have length 1, and all zeros where a text has no word."""
        if not texts:
            return []
        import numpy as np

        halves = [vectorizer.transform(texts).toarray() for vectorizer in self._vectorizers]
        vectors = np.hstack(halves)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        whole: list[list[float]] = (vectors / np.where(lengths == 0, 1, lengths)).tolist()
        return whole

    def embed_query(self, text: str) -> list[float]:
        """Embed a text to search for, in the same way."""
        return self.embed_documents([text])[0]
