"""Picture embeddings out of a checkpoint's own vision tower."""

from collections.abc import Mapping
from typing import Any, Self

from langchain_core.embeddings import Embeddings

from langchain_llava_o1.chat.model import ChatLlavaO1
from langchain_llava_o1.engine.request import EmbeddingRequest, Pooling, TowerLayers
from langchain_llava_o1.errors import ConfigurationError, ImageError


class VisionTowerEmbeddings(Embeddings):
    """Embeds pictures by what a ``ChatLlavaO1``'s vision tower sees in them.

    What LangChain calls a text is here a picture: its path, or a data URL. A vector store with these
    embeddings holds paths as its documents' contents, and is searched by a picture. Text cannot be embedded:
    the tower has never read any.

    The defaults, the largest value of each entry over all patches of the last layer, find most on drawn
    pictures (docs/how-to/rag.md).
    """

    def __init__(
        self, model: ChatLlavaO1, *, pooling: Pooling = "max", layers: TowerLayers = "final"
    ) -> None:
        """Choose a model and what is taken from its tower. Weights load on first use.

        Args:
            model: The model.
            pooling: "max" or "mean": how the vectors of a picture's patches become one.
            layers: "final", "intermediate" or "all": which of the tower's layers they are taken from.

        Raises:
            ConfigurationError: If the model has no tower to ask, or there is no such pooling or layers.
        """
        if not hasattr(model, "embed_images"):
            raise ConfigurationError(
                f"VisionTowerEmbeddings needs a ChatLlavaO1, got {type(model).__name__}, whose vision tower "
                "cannot be asked. Leave picture embeddings out; pictures are then found by their captions."
            )
        EmbeddingRequest.check(pooling, layers)
        self.model = model
        self.pooling = pooling
        self.layers = layers

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Make them again from their ``settings``."""
        model = ChatLlavaO1.model_validate({name: settings[name] for name in ("model", "revision")})
        return cls(model, pooling=settings["pooling"], layers=settings["layers"])

    @property
    def settings(self) -> dict[str, Any]:
        """What tells them from others whose vectors cannot be compared with theirs, as plain data."""
        return {
            "model": self.model.model,
            "revision": self.model.revision,
            "pooling": self.pooling,
            "layers": self.layers,
        }

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed pictures, each given as a path or a data URL.

        Raises:
            ImageError: If one is missing or broken, or is text.
        """
        return self._embed(texts)

    def embed_query(self, text: str) -> list[float]:
        """Embed a picture to search for, given as a path or a data URL.

        Raises:
            ImageError: If it is missing or broken, or is text.
        """
        return self._embed([text])[0]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed pictures as ``embed_documents`` does, without blocking the event loop."""
        try:
            return await self.model.aembed_images(texts, pooling=self.pooling, layers=self.layers)
        except ImageError as error:
            raise _explained(error) from error

    async def aembed_query(self, text: str) -> list[float]:
        """Embed a picture as ``embed_query`` does, without blocking the event loop."""
        return (await self.aembed_documents([text]))[0]

    def embed_image(self, uris: list[str]) -> list[list[float]]:
        """Embed pictures by their paths; the name that ``langchain-chroma`` calls."""
        return self._embed(uris)

    def _embed(self, pictures: list[str]) -> list[list[float]]:
        try:
            return self.model.embed_images(pictures, pooling=self.pooling, layers=self.layers)
        except ImageError as error:
            raise _explained(error) from error


def _explained(error: ImageError) -> ImageError:
    return ImageError(
        f"{error} VisionTowerEmbeddings embeds pictures, given as paths or data URLs, and no text."
    )
