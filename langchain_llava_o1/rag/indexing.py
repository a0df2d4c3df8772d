"""Indexing a folder: what is new is described and stored, what has gone is removed, the rest is left alone.

Work is done in batches, and a batch is kept as soon as it is done. An index that was killed goes on where it
stopped: at most one batch is done again.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from langchain_core.documents import Document
from langchain_core.vectorstores import VectorStore

from langchain_llava_o1.errors import ConfigurationError, ImageError
from langchain_llava_o1.judges.chat_model import ChatModel
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.rag.collection import Collection
from langchain_llava_o1.rag.folder import FolderContents, FoundFile, LeftOut, hash_file, list_folder
from langchain_llava_o1.rag.manifest import IndexedFile
from langchain_llava_o1.rag.passages import split_into_passages
from langchain_llava_o1.rag.reading import Described, FileReader
from langchain_llava_o1.staging.prompts import DESCRIPTION_REQUEST

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
    allow_empty: bool = False,
    report: Callable[[IndexProgress], None] = lambda progress: None,
) -> IndexReport:
    """Bring a collection up to date with a folder of pictures and texts, and the folders below it.

    Files are told apart by their content: what is unchanged is not described again, and a picture that was
    renamed or copied keeps its caption. A file that cannot be read is reported, and the rest goes on; what
    was indexed of it stays.

    Args:
        folder: Holds pictures (PNG, JPEG, WebP, GIF, BMP) and texts (.txt, .md, in UTF-8).
        collection: Where to.
        model: Any chat model that sees pictures; it writes the captions.
        request: What the model is asked for a caption.
        batch_size: Files that are described together and then kept.
        image_policy: Limits of pictures, and of texts' bytes.
        allow_empty: Whether all files may be removed at once, of a folder that is empty now or gone. It is
            refused by default: the folder may be elsewhere for the moment, and captions cost much.
        report: Called after every batch.

    Raises:
        ConfigurationError: If the folder is none, nothing is left in it, or a setting cannot work.
        Exception: Whatever the model or a store fails with; what was kept before stays.
    """
    if batch_size < 1:
        raise ConfigurationError(f"batch_size must be at least 1, got {batch_size!r}.")
    root = Path(folder).expanduser().resolve()
    known = collection.manifest.files_below(root)
    contents = _list_folder(root, collection.path, known, allow_empty=allow_empty)
    work: list[FoundFile] = []
    unchanged: list[FoundFile] = []
    failed: list[LeftOut] = list(contents.unreadable)
    # What cannot be read now is not gone.
    kept_folders = [Path(each.source) for each in contents.unreadable]
    kept = {source for source in known if any(map(Path(source).is_relative_to, kept_folders))}
    for file in contents.files:
        try:
            is_known = file.source in known and known[file.source].content_hash == hash_file(file.path)
            (unchanged if is_known else work).append(file)
        except OSError as error:
            failed.append(LeftOut(file.name, f"cannot be read ({error.strerror or error})"))
            kept.add(file.source)
    collection.manifest.add_folder(root)
    reader = FileReader(collection.manifest, model, request, image_policy or ImagePolicy())
    indexed: list[FoundFile] = []
    num_captions = num_done = 0
    report(IndexProgress(0, len(work)))
    for batch in _slices(work, batch_size):
        done = reader.read(batch)
        refused = _keep(collection, done.files, known)
        if done.error is not None:
            raise done.error
        names = {left_out.source for left_out in refused}
        indexed += [described.file for described in done.files if described.file.name not in names]
        failed += [*done.failed, *refused]
        num_captions += done.num_captions
        num_done += len(batch)
        report(IndexProgress(num_done, len(work)))
    present = {file.source for file in (*unchanged, *indexed)} | kept
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


def _list_folder(
    root: Path, excluded: Path | None, known: Mapping[str, IndexedFile], *, allow_empty: bool
) -> FolderContents:
    remedy = f"Its {len(known)} indexed files stay; allow_empty (--allow-empty) removes them."
    if known and not root.is_dir():
        if not allow_empty:
            raise ConfigurationError(f"{root} is no folder any more. {remedy}")
        return FolderContents((), (), ())
    contents = list_folder(root, excluded=excluded)
    if known and not contents.files and not allow_empty:
        raise ConfigurationError(f"{root} holds nothing that can be indexed any more. {remedy}")
    return contents


def _keep(
    collection: Collection, files: Sequence[Described], known: Mapping[str, IndexedFile]
) -> list[LeftOut]:
    """Store files, and say so in the manifest; return those that the picture embeddings refuse.

    Until all of it is done, the manifest has them without a hash: wherever this is cut short, they are known
    to be in the stores, old and new, and are done again.
    """
    documents = {described.file.source: _text_documents(described) for described in files}
    rows = [
        IndexedFile(
            source=described.file.source,
            content_hash=described.content_hash,
            caption=described.text if described.file.kind == "picture" else None,
            ids=frozenset(str(document.id) for document in documents[described.file.source]),
        )
        for described in files
    ]
    outdated = [known[row.source] for row in rows if row.source in known]
    old_ids = {file.source: file.ids for file in outdated}
    collection.manifest.put(
        [replace(row, content_hash="", ids=row.ids.union(old_ids.get(row.source, ()))) for row in rows]
    )
    _delete(collection, outdated)
    refused = _add_pictures(collection, files)
    _add(
        collection.texts,
        [each for source, some in documents.items() if source not in refused for each in some],
    )
    collection.manifest.put([row for row in rows if row.source not in refused])
    collection.manifest.remove(list(refused))
    return list(refused.values())


def _add_pictures(collection: Collection, files: Sequence[Described]) -> dict[str, LeftOut]:
    """Embed and store pictures; return those that cannot be read by now or are too large, by source."""
    if collection.pictures is None:
        return {}
    pictures = {
        described.file: _picture_document(described)
        for described in files
        if described.file.kind == "picture"
    }
    try:
        _add(collection.pictures, list(pictures.values()))
        return {}
    except ImageError:
        refused = {}
        for file, document in pictures.items():
            try:
                _add(collection.pictures, [document])
            except ImageError as error:
                refused[file.source] = LeftOut(file.name, str(error))
        return refused


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
