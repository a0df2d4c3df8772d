"""Files made ready to be indexed: texts decoded, pictures checked and described."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from langchain_llava_o1.errors import ImageError, MessageError
from langchain_llava_o1.judges.chat_model import ChatModel
from langchain_llava_o1.pictures.blocks import block_of
from langchain_llava_o1.pictures.picture import Picture, digest_of
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.rag.captions import caption_pictures
from langchain_llava_o1.rag.folder import FoundFile, LeftOut
from langchain_llava_o1.rag.manifest import Manifest


class Described(NamedTuple):
    """A file that is ready to be stored; what a text says, or a picture's caption."""

    file: FoundFile
    content_hash: str
    text: str


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


@dataclass(frozen=True)
class FileReader:
    """Reads files and has pictures described.

    Attributes:
        manifest: Knows the captions of pictures that were described before.
        model: Describes the others.
        request: What it is asked.
        policy: Limits of pictures, and of texts' bytes.
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
        waiting: dict[str, list[FoundFile]] = {}
        blocks: dict[str, dict[str, Any]] = {}
        for file in files:
            try:
                data = self._read_bytes(file)
                content_hash = digest_of(data)
                if file.kind == "text":
                    described.append(Described(file, content_hash, _decode_text(data)))
                    continue
                picture = Picture.decode(data, self.policy)
                caption = self.manifest.find_caption(content_hash)
                if caption is None:
                    waiting.setdefault(content_hash, []).append(file)
                    blocks[content_hash] = block_of(picture)
                else:
                    described.append(Described(file, content_hash, caption))
            except (ImageError, UnreadableText) as error:
                failed.append(LeftOut(file.name, str(error)))
            except OSError as error:
                failed.append(LeftOut(file.name, f"cannot be read ({error.strerror or error})"))
        captions = self._caption([blocks[content_hash] for content_hash in waiting])
        failure: Exception | None = None
        for (content_hash, alike), written in zip(waiting.items(), captions, strict=True):
            if isinstance(written, ImageError | MessageError):
                failed += [LeftOut(file.name, str(written)) for file in alike]
            elif isinstance(written, Exception):
                failure = failure or written
            elif not written:
                failed += [LeftOut(file.name, "the model wrote no caption") for file in alike]
            else:
                described += [Described(file, content_hash, written) for file in alike]
        return ReadBatch(described, failed, sum(isinstance(caption, str) for caption in captions), failure)

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
    """A file is no text that can be indexed."""


def _decode_text(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableText(f"The text is not in UTF-8 (byte {error.start}). Save it in UTF-8.") from error
    if not text.strip():
        raise UnreadableText("The text is empty.")
    return text
