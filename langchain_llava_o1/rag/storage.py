"""Files in a collection: their documents in the vector stores, and the manifest that says so."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.documents import Document
from langchain_core.vectorstores import VectorStore

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.pdf import PageReference
from langchain_llava_o1.rag.collection import Collection
from langchain_llava_o1.rag.folder import FoundFile, LeftOut
from langchain_llava_o1.rag.manifest import ADDING, CHANGING, IndexedFile
from langchain_llava_o1.rag.passages import split_into_passages
from langchain_llava_o1.rag.reading import Described

# Stores limit how much they take at once; Chroma's limit is some thousands.
_DOCUMENTS_PER_CALL = 1000


def keep_files(
    collection: Collection, files: Sequence[Described], known: Mapping[str, IndexedFile]
) -> list[LeftOut]:
    """Store files, and say so in the manifest; return those that the picture embeddings refuse.

    Until all of it is done, the manifest says so in the place of their hashes: wherever this is cut short,
    they are known to be in the stores, old and new, and are done again.
    """
    documents = {described.file.source: _text_documents(described) for described in files}
    rows = [
        IndexedFile(
            source=described.file.source,
            content_hash=described.content_hash,
            caption=None if described.file.kind == "text" else described.text,
            ids=frozenset(str(document.id) for document in documents[described.file.source]),
        )
        for described in files
    ]
    outdated = [known[row.source] for row in rows if row.source in known]
    collection.manifest.put([_unfinished(row, known.get(row.source)) for row in rows])
    _delete(collection, outdated)
    refused = _add_pictures(collection, files)
    _add(
        collection.texts,
        [each for source, some in documents.items() if source not in refused for each in some],
    )
    collection.manifest.put([row for row in rows if row.source not in refused])
    collection.manifest.remove(list(refused))
    return list(refused.values())


def _unfinished(row: IndexedFile, known: IndexedFile | None) -> IndexedFile:
    """Return what the manifest says of a file while it is being stored."""
    if known is None:
        return replace(row, content_hash=ADDING)
    return replace(row, content_hash=ADDING if known.is_new else CHANGING, ids=row.ids | known.ids)


def _add_pictures(collection: Collection, files: Sequence[Described]) -> dict[str, LeftOut]:
    """Embed and store pictures; return those that cannot be read by now or are too large, by source."""
    if collection.pictures is None:
        return {}
    pictures = {described.file: _picture_documents(described) for described in files}
    try:
        _add(collection.pictures, [document for some in pictures.values() for document in some])
        return {}
    except ImageError:
        refused = {}
        for file, some in pictures.items():
            try:
                _add(collection.pictures, some)
            except ImageError as error:
                refused[file.source] = LeftOut(file.name, str(error))
        return refused


def remove_files(collection: Collection, files: Sequence[IndexedFile]) -> None:
    """Remove files from the stores, then from the manifest."""
    _delete(collection, files)
    collection.manifest.remove([file.source for file in files])


def _delete(collection: Collection, files: Sequence[IndexedFile]) -> None:
    for store in (collection.texts, collection.pictures):
        # In the pictures' store are the ids of pictures alone.
        is_of_pictures = store is collection.pictures
        ids = [id_ for file in files if file.caption is not None or not is_of_pictures for id_ in file.ids]
        if store is not None and ids:
            store.delete(ids=ids)


def _add(store: VectorStore, documents: Sequence[Document]) -> None:
    for start in range(0, len(documents), _DOCUMENTS_PER_CALL):
        some = documents[start : start + _DOCUMENTS_PER_CALL]
        store.add_documents(list(some), ids=[str(document.id) for document in some])


def _text_documents(described: Described) -> list[Document]:
    if described.file.kind != "text":
        return [
            Document(caption, id=_document_id(described.file, index), metadata=_metadata(described, index))
            for index, caption in enumerate(described.captions)
        ]
    return [
        Document(
            passage.text,
            id=_document_id(described.file, number),
            metadata={**_metadata(described), "position": passage.position},
        )
        for number, passage in enumerate(split_into_passages(described.text))
    ]


def _picture_documents(described: Described) -> list[Document]:
    """Make the documents that picture embeddings embed: they take a content for where a picture is."""
    source = described.file.source
    is_pdf = described.file.kind == "pdf"
    return [
        Document(
            str(PageReference(source, index + 1)) if is_pdf else source,
            id=_document_id(described.file, index),
            metadata={**_metadata(described, index), "caption": caption},
        )
        for index, caption in enumerate(described.captions)
    ]


def _metadata(described: Described, page_index: int = 0) -> dict[str, Any]:
    file = described.file
    metadata = {
        "source": file.source,
        "name": file.name,
        "kind": "text" if file.kind == "text" else "picture",
        "content_hash": described.content_hash,
    }
    if file.kind != "pdf":
        return metadata
    # As LangChain's loaders number pages. By their positions a retriever tells the pages of a file apart.
    return {**metadata, "page": page_index, "position": f"page {page_index + 1}"}


def _document_id(file: FoundFile, number: int) -> str:
    """Return the same id for the same file, so that what is stored twice replaces itself."""
    return f"{hashlib.sha256(file.source.encode()).hexdigest()[:32]}-{number}"
