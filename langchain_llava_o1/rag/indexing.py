"""Indexing a folder: what is new is described and stored, what has gone is removed, the rest is left alone.

Work is done in batches, and a batch is kept as soon as it is done. An index that was killed goes on where it
stopped: at most one batch is done again.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from langchain_core.documents import Document
from langchain_core.vectorstores import VectorStore

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.images import ImagePolicy
from langchain_llava_o1.judges.generative import ChatModel
from langchain_llava_o1.prompts import DESCRIPTION_REQUEST
from langchain_llava_o1.rag.collection import Collection
from langchain_llava_o1.rag.folder import FoundFile, LeftOut, hash_file, list_folder
from langchain_llava_o1.rag.manifest import IndexedFile
from langchain_llava_o1.rag.passages import split_into_passages
from langchain_llava_o1.rag.reading import Described, FileReader

# Stores limit how much they take at once; Chroma's limit is some thousands.
_DOCUMENTS_PER_CALL = 1000

Item = TypeVar("Item")


class IndexProgress(NamedTuple):
    """How far an index is: so many files of all that are new or have changed."""

    num_done: int
    num_files: int


@dataclass(frozen=True)
class IndexReport:
    """What an index did. Files are called by their names, which begin with the folder's.

    Attributes:
        added: Files that were not in the collection before.
        changed: Files that were, with another content.
        unchanged: Files that were, as they are.
        removed: Paths of files that are gone, or cannot be read any more.
        failed: Files that cannot be indexed, and why.
        left_out: Files of other kinds, and links that lead out of the folder.
        num_captions: How many captions the model wrote; a picture whose content was known keeps its caption.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    failed: tuple[LeftOut, ...]
    left_out: tuple[LeftOut, ...]
    num_captions: int


def index_folder(
    folder: str | Path,
    collection: Collection,
    model: ChatModel,
    *,
    request: str = DESCRIPTION_REQUEST,
    batch_size: int = 16,
    image_policy: ImagePolicy | None = None,
    report: Callable[[IndexProgress], None] = lambda progress: None,
) -> IndexReport:
    """Bring a collection up to date with a folder of pictures and texts, and the folders below it.

    Files are told apart by their content: what is unchanged is not described again, and a picture that was
    renamed or copied keeps its caption. A file that cannot be read is reported, and the rest goes on.

    Args:
        folder: Holds pictures (PNG, JPEG, WebP, GIF, BMP) and texts (.txt, .md, in UTF-8).
        collection: Where to.
        model: Any chat model that sees pictures; it writes the captions.
        request: What the model is asked for a caption.
        batch_size: Files that are described together and then kept.
        image_policy: Limits of pictures, and of texts' bytes.
        report: Called after every batch.

    Raises:
        ConfigurationError: If the folder is none, or a setting cannot work.
        Exception: Whatever the model or a store fails with; what was kept before stays.
    """
    if batch_size < 1:
        raise ConfigurationError(f"batch_size must be at least 1, got {batch_size!r}.")
    root = Path(folder).expanduser().resolve()
    contents = list_folder(root, excluded=collection.path)
    known = collection.manifest.files_below(root)
    work: list[FoundFile] = []
    unchanged: list[FoundFile] = []
    failed: list[LeftOut] = []
    for file in contents.files:
        try:
            is_known = file.source in known and known[file.source].content_hash == hash_file(file.path)
            (unchanged if is_known else work).append(file)
        except OSError as error:
            failed.append(LeftOut(file.name, f"cannot be read ({error.strerror or error})"))
    collection.manifest.add_folder(root)
    reader = FileReader(collection.manifest, model, request, image_policy or ImagePolicy())
    indexed: list[FoundFile] = []
    num_captions = num_done = 0
    report(IndexProgress(0, len(work)))
    for batch in _slices(work, batch_size):
        done = reader.read(batch)
        _keep(collection, done.files, known)
        if done.error is not None:
            raise done.error
        indexed += [described.file for described in done.files]
        failed += done.failed
        num_captions += done.num_captions
        num_done += len(batch)
        report(IndexProgress(num_done, len(work)))
    present = {file.source for file in (*unchanged, *indexed)}
    removed = [file for source, file in known.items() if source not in present]
    _remove(collection, removed)
    return IndexReport(
        added=tuple(file.name for file in indexed if file.source not in known),
        changed=tuple(file.name for file in indexed if file.source in known),
        unchanged=tuple(file.name for file in unchanged),
        removed=tuple(file.source for file in removed),
        failed=tuple(failed),
        left_out=contents.left_out,
        num_captions=num_captions,
    )


def _keep(collection: Collection, files: Sequence[Described], known: dict[str, IndexedFile]) -> None:
    """Store files, and then say so in the manifest: what it names is in the stores for certain."""
    texts: list[Document] = []
    pictures: list[Document] = []
    rows: list[IndexedFile] = []
    for described in files:
        documents = _text_documents(described)
        texts += documents
        is_picture = described.file.kind == "picture"
        if is_picture and collection.pictures is not None:
            pictures.append(_picture_document(described))
        rows.append(
            IndexedFile(
                source=described.file.source,
                content_hash=described.content_hash,
                caption=described.text if is_picture else None,
                ids=tuple(str(document.id) for document in documents),
            )
        )
    outdated = [known[row.source] for row in rows if row.source in known]
    _delete(collection, outdated)
    _add(collection.texts, texts)
    if collection.pictures is not None:
        _add(collection.pictures, pictures)
    collection.manifest.put(rows)


def _remove(collection: Collection, files: Sequence[IndexedFile]) -> None:
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
    for some in _slices(documents, _DOCUMENTS_PER_CALL):
        store.add_documents(list(some), ids=[str(document.id) for document in some])


def _text_documents(described: Described) -> list[Document]:
    metadata = _metadata(described)
    if described.file.kind == "picture":
        return [Document(described.text, id=_document_id(described.file, 0), metadata=metadata)]
    return [
        Document(
            passage.text,
            id=_document_id(described.file, number),
            metadata={**metadata, "position": passage.position},
        )
        for number, passage in enumerate(split_into_passages(described.text))
    ]


def _picture_document(described: Described) -> Document:
    """Make the document that picture embeddings embed: they take its content for a path."""
    return Document(
        described.file.source,
        id=_document_id(described.file, 0),
        metadata={**_metadata(described), "caption": described.text},
    )


def _metadata(described: Described) -> dict[str, Any]:
    return {
        "source": described.file.source,
        "name": described.file.name,
        "kind": described.file.kind,
        "content_hash": described.content_hash,
    }


def _document_id(file: FoundFile, number: int) -> str:
    """Return the same id for the same file, so that what is stored twice replaces itself."""
    return f"{hashlib.sha256(file.source.encode()).hexdigest()[:32]}-{number}"


def _slices(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
