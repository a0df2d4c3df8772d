"""Answers from a collection for LangGraph Studio, with the model that ``LLAVA_O1_MODEL`` names.

The collection is the one that ``LLAVA_O1_COLLECTION`` names, made by ``llava-o1 index``; without it, the
picture that comes with the package, indexed with the first question.
"""

import os
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import InMemoryVectorStore
from langgraph.graph.state import CompiledStateGraph
from pydantic import PrivateAttr

from langchain_llava_o1 import (
    ChatLlavaO1,
    Collection,
    HashingEmbeddings,
    MultimodalRetriever,
    VisionTowerEmbeddings,
    create_multimodal_rag,
    create_stage_beam,
    index_folder,
    open_collection,
)
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.rag.manifest import Manifest
from langchain_llava_o1.rag.retriever import Route
from langchain_llava_o1.tiny import demo_picture_path

# The embedded model, like the published one, was trained with one picture for a question.
_NUM_SOURCES = 1


class LazyRetriever(BaseRetriever):
    """Opens its collection with the first question: the server must not wait for it to start."""

    k: int = _NUM_SOURCES

    _opened: MultimodalRetriever | None = PrivateAttr(default=None)
    _lock: Any = PrivateAttr(default_factory=threading.Lock)

    @property
    def image_policy(self) -> ImagePolicy | None:
        """From where the pictures that are found may be read."""
        return self._open().image_policy

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        image: str | None = None,
        by: Route | None = None,
        k: int | None = None,
    ) -> list[Document]:
        config: Any = {"callbacks": run_manager.get_child()}
        return self._open().invoke(query, config, image=image, by=by, k=k)

    def _open(self) -> MultimodalRetriever:
        with self._lock:
            if self._opened is None:
                path = os.environ.get("LLAVA_O1_COLLECTION")
                self._opened = (
                    open_collection(path, must_exist=True).as_retriever(self.k) if path else _index_sample()
                )
            return self._opened


@cache
def create_graph() -> CompiledStateGraph[Any, Any, Any, Any]:
    """Build the graph. The collection and the weights are loaded when the first question is asked, not here.

    There is no checkpointer: the server brings its own.
    """
    search = create_stage_beam(ChatLlavaO1())
    return create_multimodal_rag(LazyRetriever(), search).compile(name="multimodal_rag")


def _index_sample() -> MultimodalRetriever:
    model = ChatLlavaO1()
    with tempfile.TemporaryDirectory() as folder:
        collection = Collection(
            texts=InMemoryVectorStore(HashingEmbeddings()),
            pictures=InMemoryVectorStore(VisionTowerEmbeddings(model)),
            manifest=Manifest(Path(folder) / "files.sqlite"),
        )
        index_folder(demo_picture_path().parent, collection, model)
        # What is in memory outlives the list of files, which nobody adds to.
        return collection.as_retriever(_NUM_SOURCES)
