"""Retrieval by text, by picture, or by both at once, over any vector stores."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, get_args

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables.config import run_in_executor
from langchain_core.vectorstores import VectorStore
from pydantic import Field

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.validation import PlainRefusals

Route = Literal["text", "image", "both"]
"""What is searched by."""

# The constant of the paper, and how deep each ranking is read: a rank that is lower adds next to nothing.
_RANK_CONSTANT = 60
_RANKS_PER_RESULT = 5


class MultimodalRetriever(PlainRefusals, BaseRetriever):
    """Finds pictures and passages by a text, by a picture, or by both.

    A text is compared with captions and passages, a picture with pictures. With both, the two rankings are
    fused by reciprocal ranks (G. V. Cormack et al., SIGIR 2009): what stands high in either comes first.
    ``invoke("a red star")``, ``invoke("", image=data_url)``, ``invoke("a red star", image=data_url)``.

    Each document's ``metadata["score"]`` is its sum of reciprocal ranks: 1/61 for the first of one ranking.

    Attributes:
        texts: Captions and passages, with text embeddings.
        pictures: Pictures with picture embeddings, their paths as contents; None to search by text alone.
        k: Most documents to return.
        image_policy: From where the graph may read the pictures that are found; None leaves that to the
            environment.
    """

    texts: VectorStore
    pictures: VectorStore | None = None
    k: int = Field(default=4, ge=1)
    image_policy: ImagePolicy | None = None

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        image: str | None = None,
        by: Route | None = None,
        k: int | None = None,
    ) -> list[Document]:
        k = self.k if k is None else k
        depth = k * _RANKS_PER_RESULT
        rankings = []
        for route in self._choose_routes(query, image, by):
            if route == "text":
                rankings.append(self.texts.similarity_search(query, k=depth))
            elif self.pictures is not None and image:
                rankings.append(self.pictures.similarity_search(image, k=depth))
        return fuse_rankings(rankings)[:k]

    def _choose_routes(self, query: str, image: str | None, by: Route | None) -> list[Route]:
        """Choose what is searched by: what is asked for, or else all there is."""
        if by not in (None, *get_args(Route)):
            raise ConfigurationError(f"by must be one of {', '.join(get_args(Route))}, got {by!r}.")
        has_text = bool(query.strip())
        routes: list[Route] = ["text", "image"] if by == "both" else [by] if by else []
        if by is None and has_text:
            routes.append("text")
        # A picture beside a text is passed over where pictures cannot be searched.
        if by is None and image and not (has_text and self.pictures is None):
            routes.append("image")
        if not routes or ("text" in routes and not has_text) or ("image" in routes and not image):
            raise ConfigurationError(
                f"There is nothing to search by: the text is {query!r}, there is "
                f"{'a' if image else 'no'} picture, and by is {by!r}. Give a text or image=…."
            )
        if "image" in routes and self.pictures is None:
            raise ConfigurationError(
                "This retriever has no store of pictures to search by a picture. Ask by text, or "
                "build the collection with picture embeddings."
            )
        return routes

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, **options: Any
    ) -> list[Document]:
        search = partial(self._get_relevant_documents, run_manager=run_manager.get_sync(), **options)
        return await run_in_executor(None, search, query)


def fuse_rankings(rankings: Sequence[Sequence[Document]]) -> list[Document]:
    """Fuse rankings of documents by reciprocal ranks, the best first.

    Documents are the same where source and position are. The result has the first one's content.
    """
    scores: dict[tuple[Any, Any, Any], float] = {}
    documents: dict[tuple[Any, Any, Any], Document] = {}
    for ranking in rankings:
        distinct: dict[tuple[Any, Any, Any], Document] = {}
        for document in ranking:
            # A store may hold something twice, which must not count twice.
            distinct.setdefault(_identity(document), document)
        for rank, (identity, document) in enumerate(distinct.items(), start=1):
            documents.setdefault(identity, document)
            scores[identity] = scores.get(identity, 0.0) + 1 / (_RANK_CONSTANT + rank)
    best = sorted(scores, key=lambda identity: -scores[identity])
    return [_with_score(documents[identity], scores[identity]) for identity in best]


def _identity(document: Document) -> tuple[Any, Any, Any]:
    source = document.metadata.get("source")
    # What says nothing of where it comes from is told by its content.
    return source, document.metadata.get("position"), None if source else document.page_content


def _with_score(document: Document, score: float) -> Document:
    metadata = {**document.metadata, "score": score}
    # A picture that was found by what it shows has its path as content; its caption tells more.
    content = metadata.pop("caption", None) or document.page_content
    return document.model_copy(update={"page_content": content, "metadata": metadata})
