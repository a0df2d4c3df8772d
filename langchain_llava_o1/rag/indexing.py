"""Indexing a folder: what is new is described and stored, what has gone is removed, the rest is left alone.

Work is done in batches, and a batch is kept as soon as it is done. An index that was killed goes on where it
stopped: at most one batch is done again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.chat_model import ChatModel
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.rag.collection import Collection
from langchain_llava_o1.rag.folder import FolderContents, FoundFile, LeftOut, hash_file, list_folder
from langchain_llava_o1.rag.manifest import IndexedFile
from langchain_llava_o1.rag.reading import FileReader
from langchain_llava_o1.rag.storage import keep_files, remove_files
from langchain_llava_o1.staging.prompts import DESCRIPTION_REQUEST

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
    """Bring a collection up to date with a folder of pictures, PDF files and texts, and the folders below it.

    Files are told apart by their content: what is unchanged is not described again, and a picture that was
    renamed or copied keeps its caption. A file that cannot be read is reported, and the rest goes on; what
    was indexed of it stays.

    Args:
        folder: Holds pictures in any format of ``pictures/formats.py``, PDF files, each of whose pages is
            described as a picture (extra ``pdf``), and texts (.txt, .md, in UTF-8).
        collection: Where to.
        model: Any chat model that sees pictures; it writes the captions.
        request: What the model is asked for a caption.
        batch_size: Files that are described together and then kept.
        image_policy: Limits of pictures and PDF files, and of texts' bytes.
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
    compared = _compare(contents, known)
    collection.manifest.add_folder(root)
    reader = FileReader(collection.manifest, model, request, image_policy or ImagePolicy())
    done = _index_files(compared.outdated, collection, reader, known, batch_size, report)
    present = {file.source for file in (*compared.unchanged, *done.indexed)} | compared.kept
    removed = [file for source, file in known.items() if source not in present]
    remove_files(collection, removed)
    # What was being added when an index was killed has never been there as a whole.
    stored = {source for source, file in known.items() if not file.is_new}
    return IndexReport(
        added=tuple(file.name for file in done.indexed if file.source not in stored),
        changed=tuple(file.name for file in done.indexed if file.source in stored),
        unchanged=tuple(file.name for file in compared.unchanged),
        removed=tuple(file.source for file in removed),
        failed=(*compared.failed, *done.failed),
        left_out=contents.left_out,
        num_captions=done.num_captions,
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


class _Compared(NamedTuple):
    """A folder beside what is known of it.

    Attributes:
        outdated: Files that are new or have changed.
        unchanged: Files that are as they were indexed.
        failed: What cannot be read.
        kept: Sources of indexed files that cannot be read now, which does not mean that they are gone.
    """

    outdated: list[FoundFile]
    unchanged: list[FoundFile]
    failed: list[LeftOut]
    kept: set[str]


def _compare(contents: FolderContents, known: Mapping[str, IndexedFile]) -> _Compared:
    """Compare a folder's files with what was indexed, by content."""
    folders = [Path(each.source) for each in contents.unreadable]
    kept = {source for source in known if any(map(Path(source).is_relative_to, folders))}
    compared = _Compared([], [], list(contents.unreadable), kept)
    for file in contents.files:
        try:
            is_known = file.source in known and known[file.source].content_hash == hash_file(file.path)
            (compared.unchanged if is_known else compared.outdated).append(file)
        except OSError as error:
            compared.failed.append(LeftOut(file.name, f"cannot be read ({error.strerror or error})"))
            kept.add(file.source)
    return compared


class _Indexed(NamedTuple):
    """What came of the files that were to be indexed."""

    indexed: list[FoundFile]
    failed: list[LeftOut]
    num_captions: int


def _index_files(
    files: Sequence[FoundFile],
    collection: Collection,
    reader: FileReader,
    known: Mapping[str, IndexedFile],
    batch_size: int,
    report: Callable[[IndexProgress], None],
) -> _Indexed:
    """Read and store files batch by batch; each batch is kept before the next one begins."""
    indexed: list[FoundFile] = []
    failed: list[LeftOut] = []
    num_captions = num_done = 0
    report(IndexProgress(0, len(files)))
    for batch in _slices(files, batch_size):
        read = reader.read(batch)
        refused = keep_files(collection, read.files, known)
        if read.error is not None:
            raise read.error
        names = {left_out.source for left_out in refused}
        indexed += [described.file for described in read.files if described.file.name not in names]
        failed += [*read.failed, *refused]
        num_captions += read.num_captions
        num_done += len(batch)
        report(IndexProgress(num_done, len(files)))
    return _Indexed(indexed, failed, num_captions)


def _slices(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
