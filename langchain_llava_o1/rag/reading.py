"""Files made ready to be indexed: texts decoded, pictures and pages checked and described."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from langchain_llava_o1.errors import ImageError, MessageError
from langchain_llava_o1.judges.chat_model import ChatModel
from langchain_llava_o1.pictures.blocks import block_of
from langchain_llava_o1.pictures.pdf import pages_of
from langchain_llava_o1.pictures.picture import Picture, digest_of
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.rag.captions import caption_pictures
from langchain_llava_o1.rag.folder import FoundFile, LeftOut
from langchain_llava_o1.rag.manifest import Manifest

_PAGE_BREAK = "\f"


class Described(NamedTuple):
    """A file that is ready to be stored.

    Attributes:
        file: The file.
        content_hash: SHA-256 of its bytes.
        text: What a text says, a picture's caption, or the captions of a PDF's pages with a form feed between
            two.
    """

    file: FoundFile
    content_hash: str
    text: str

    @property
    def captions(self) -> list[str]:
        """The captions of the pictures in it: none of a text, one of a picture, one of each page of a PDF."""
        if self.file.kind == "text":
            return []
        return self.text.split(_PAGE_BREAK) if self.file.kind == "pdf" else [self.text]


class ReadBatch(NamedTuple):
    """What came of some files.

    Attributes:
        files: Those that are ready to be stored.
        failed: Those that cannot be.
        num_captions: How many captions the model wrote.
        error: What the model failed with, where it was not a picture's fault.
    """

    files: list[Described]
    failed: list[LeftOut]
    num_captions: int
    error: Exception | None


class _Waiting(NamedTuple):
    """Files of one content that is to be described: a picture, or the pages of a PDF."""

    files: list[FoundFile]
    blocks: list[dict[str, Any]]


@dataclass(frozen=True)
class FileReader:
    """Reads files and has pictures described.

    Attributes:
        manifest: Knows the captions of pictures that were described before.
        model: Describes the others.
        request: What it is asked.
        policy: Limits of pictures and PDF files, and of texts' bytes.
    """

    manifest: Manifest
    model: ChatModel
    request: str
    policy: ImagePolicy

    def read(self, files: Sequence[FoundFile]) -> ReadBatch:
        """Read some files; pictures without a known caption are described together."""
        described: list[Described] = []
        failed: list[LeftOut] = []
        # By content: what is there twice is described once.
        waiting: dict[str, _Waiting] = {}
        for file in files:
            try:
                known = self._read_file(file, waiting)
                if known is not None:
                    described.append(known)
            except (ImageError, UnreadableText) as error:
                failed.append(LeftOut(file.name, str(error)))
            except OSError as error:
                failed.append(LeftOut(file.name, f"cannot be read ({error.strerror or error})"))
        captions = self._caption([block for each in waiting.values() for block in each.blocks])
        remaining = iter(captions)
        failure: Exception | None = None
        for content_hash, alike in waiting.items():
            outcome = _join_captions(list(islice(remaining, len(alike.blocks))))
            if isinstance(outcome, ImageError | MessageError | UnreadableText):
                failed += [LeftOut(file.name, str(outcome)) for file in alike.files]
            elif isinstance(outcome, Exception):
                failure = failure or outcome
            else:
                described += [Described(file, content_hash, outcome) for file in alike.files]
        return ReadBatch(described, failed, sum(isinstance(caption, str) for caption in captions), failure)

    def _read_file(self, file: FoundFile, waiting: dict[str, _Waiting]) -> Described | None:
        """Read a file; one without a known caption is put to those that wait for it."""
        data = self._read_bytes(file)
        content_hash = digest_of(data)
        if file.kind == "text":
            return Described(file, content_hash, _decode_text(data))
        # Also where the caption is known: what cannot be shown is not to be found.
        pictures = pages_of(data, self.policy) if file.kind == "pdf" else [Picture.decode(data, self.policy)]
        caption = self.manifest.find_caption(content_hash)
        if caption is not None:
            return Described(file, content_hash, caption)
        if content_hash not in waiting:
            waiting[content_hash] = _Waiting([], [block_of(picture) for picture in pictures])
        waiting[content_hash].files.append(file)
        return None

    def _caption(self, blocks: Sequence[dict[str, Any]]) -> list[str | Exception]:
        return caption_pictures(self.model, blocks, request=self.request) if blocks else []

    def _read_bytes(self, file: FoundFile) -> bytes:
        num_bytes = file.path.stat().st_size
        if num_bytes > self.policy.max_bytes:
            raise UnreadableText(
                f"The file has {num_bytes:,} bytes; at most {self.policy.max_bytes:,} are allowed."
            )
        return file.path.read_bytes()


class UnreadableText(Exception):
    """A file holds nothing that can be indexed."""


def _join_captions(written: Sequence[str | Exception]) -> str | Exception:
    """Return the captions of one file as one text, or why there is none."""
    captions: list[str] = []
    for caption in written:
        if isinstance(caption, Exception):
            return caption
        if not caption:
            return UnreadableText("the model wrote no caption")
        captions.append(caption.replace(_PAGE_BREAK, " "))
    return _PAGE_BREAK.join(captions)


def _decode_text(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableText(f"The text is not in UTF-8 (byte {error.start}). Save it in UTF-8.") from error
    if not text.strip():
        raise UnreadableText("The text is empty.")
    return text
