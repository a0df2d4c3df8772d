"""What comes with a message: pictures and other files, read before they are kept.

A file that cannot be read must not end the conversation: messages are saved, and it would fail again at every
later question. So a text that says what was wrong takes its place, and the question is replied to with that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.judges.chat_model import ChatModel, chat_model_of
from langchain_llava_o1.pictures.base64_text import decode_base64, is_data_url
from langchain_llava_o1.pictures.blocks import (
    IMAGE_BLOCKS,
    block_of,
    extras_of,
    is_stored_with_provider,
    read_reference,
    source_of,
)
from langchain_llava_o1.pictures.pdf import pages_of
from langchain_llava_o1.pictures.pdf_blocks import pdf_bytes_of
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.pictures.references import (
    KeptFile,
    refer_to,
    with_file,
)
from langchain_llava_o1.pictures.shrinking import shrink
from langchain_llava_o1.pictures.sources import load_picture
from langchain_llava_o1.search.kept_pictures import MARK_PREFIX, Block, change_blocks
from langchain_llava_o1.search.tool_calls import is_of_tool
from langchain_llava_o1.staging import capabilities

_FIELD = f"{MARK_PREFIX}field"
_UNREADABLE = f"{MARK_PREFIX}unreadable"
_TEXT_BLOCKS = ("text", "text-plain")
_REASONING_BLOCKS = ("reasoning", "thinking", "redacted_thinking")
_WEB = ("http://", "https://")
_NAMES = (_FIELD, "filename", "name", "title")


@dataclass(frozen=True)
class AttachmentReader:
    """Reads what comes with messages, for one model.

    Attributes:
        policy: Which pictures are taken in.
        is_local: Whether the model itself reads pictures by that policy, on this machine. Any other model may
            fetch a URL itself, and read files of kinds that nothing is known of here.
        profile: The model's profile.
    """

    policy: ImagePolicy
    is_local: bool = False
    profile: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reads_passages(self) -> bool:
        """Whether the model can read a passage of text."""
        return not self.profile.get(capabilities.PICTURES_ONLY)

    @classmethod
    def of(cls, model: ChatModel) -> "AttachmentReader":
        """Return the reader for a model: by its own policy where it has one, else by the environment's."""
        chat_model = chat_model_of(model)
        policy = getattr(chat_model, "image_policy", None)
        return cls(
            policy=policy or ImagePolicy.from_environment(),
            is_local=policy is not None,
            profile=getattr(chat_model, "profile", None) or {},
        )

    def read(
        self, messages: Sequence[BaseMessage], *, refers: bool, shrinks: bool = True
    ) -> tuple[list[BaseMessage], dict[str, KeptFile]]:
        """Read the attachments of messages.

        Args:
            messages: What is added to a conversation.
            refers: Whether large pictures are to be kept apart, with a reference in the message.
            shrinks: Whether pictures are shrunk to what the model can use.

        Returns:
            The messages, copied where anything changes, and the files that they refer to, by digest.
        """
        most = self.profile.get(capabilities.MAX_IMAGE_PIXELS) if shrinks else None
        reading = _Reading(self, refers=refers, max_pixels=most)
        read = [
            # What a model wrote is its own.
            message if isinstance(message, AIMessage) else change_blocks(message, reading.reader_of(message))
            for message in messages
        ]
        return read, reading.files


class _Reading:
    """The reading of some messages; ``files`` are those that they refer to."""

    def __init__(self, reader: AttachmentReader, *, refers: bool, max_pixels: int | None) -> None:
        self.files: dict[str, KeptFile] = {}
        self._reader = reader
        self._refers = refers
        self._max_pixels = max_pixels
        self._num_attachments = 0

    def reader_of(self, message: BaseMessage) -> Callable[[Block], list[Block]]:
        """Return what reads the blocks of a message: of what a tool returned, pictures alone are used."""
        return self._read_picture_block if is_of_tool(message) else self.read_block

    def _read_picture_block(self, block: Block) -> list[Block]:
        is_picture = isinstance(block, dict) and block.get("type") in IMAGE_BLOCKS
        return self.read_block(block) if is_picture else [block]

    def read_block(self, block: Block) -> list[Block]:
        if not isinstance(block, dict) or _is_text(block) or block.get("type") in _REASONING_BLOCKS:
            return [block]
        self._num_attachments += 1
        if read_reference(block) is not None:
            return [block]
        name = _name_of(block) or f"Attachment {self._num_attachments}"
        try:
            return self._read_attachment(block, name)
        except ImageError as error:
            return [_unreadable(name, str(error))]

    def _read_attachment(self, block: dict[str, Any], name: str) -> list[Block]:
        profile = self._reader.profile
        if block.get("type") in _TEXT_BLOCKS:
            return [self._read_text(block, name)]
        is_drawn_here = self._reader.is_local or profile.get("pdf_inputs") is False
        pdf = pdf_bytes_of(block, self._reader.policy, name) if is_drawn_here else None
        if pdf is not None:
            return [self._keep(block_of(page), page) for page in self._read_pages(pdf, name)]
        if block.get("type") in IMAGE_BLOCKS:
            return [self._read_picture(block, name)]
        # LangChain knows other providers' forms of a picture.
        (found,) = HumanMessage([block]).content_blocks
        if found["type"] == "image":
            return [self._read_picture(dict(found), name)]
        kind = str(found["type"])
        can_read = profile.get(f"{kind}_inputs")
        if can_read is False or (self._reader.is_local and not can_read):
            raise ImageError(
                f"{name}: A block of type {block.get('type')!r} cannot be read; only text and pictures can. "
                "Send what it shows as a picture, or what it says as text."
            )
        return [block]

    def _read_text(self, block: dict[str, Any], name: str) -> Block:
        """Read a block of text that has no ``text``: a file of plain text may be held in base64."""
        is_file = block["type"] == "text-plain"
        if is_file and not self._reader.is_local:
            return block
        held = block.get("base64")
        if not is_file or not isinstance(held, str):
            raise ImageError(f"{name}: A block of type {block['type']!r} holds no text. Send what it says.")
        try:
            return {"type": "text", "text": decode_base64(held).decode()}
        except (ImageError, UnicodeDecodeError) as error:
            raise ImageError(f"{name}: The file is no text in UTF-8. Send what it says as text.") from error

    def _read_pages(self, pdf: bytes, name: str) -> list[Picture]:
        try:
            return pages_of(pdf, self._reader.policy)
        except ImageError as error:
            raise ImageError(f"{name}: {error}") from error

    def _read_picture(self, block: dict[str, Any], name: str) -> Block:
        if not self._reader.is_local and is_stored_with_provider(block):
            return block
        source = source_of(block, name)
        is_models_own = not self._reader.is_local and _FIELD not in extras_of(block)
        if is_models_own and source.location is not None and source.location.startswith(_WEB):
            return block
        picture = load_picture(source, self._reader.policy, name)
        is_held = source.location is None or (block["type"] == "image_url" and is_data_url(source.location))
        return self._keep(block, picture, is_held=is_held)

    def _keep(self, block: dict[str, Any], picture: Picture, *, is_held: bool = True) -> Block:
        """Return the block as it is kept; ``is_held`` says whether it holds the picture in its own form."""
        kept = shrink(picture, self._max_pixels) if self._max_pixels else picture
        file = KeptFile.of(kept)
        if self._refers and file.is_worth_a_reference:
            self.files[file.digest] = file
            return refer_to(block, kept, file, sent_size=picture.file_size)
        return block if file.data == picture.data and is_held else with_file(block, file)


def problems_of(messages: Sequence[BaseMessage]) -> list[str]:
    """Return what was wrong with the attachments of messages that were read."""
    blocks = (block for message in messages if isinstance(message.content, list) for block in message.content)
    return [problem for problem in map(problem_of, blocks) if problem is not None]


def problem_of(block: Block) -> str | None:
    """Return what was wrong with the attachment in whose place a block is; None where it is no such block."""
    problem = extras_of(block).get(_UNREADABLE) if isinstance(block, dict) else None
    return None if problem is None else str(problem)


def attachments_of(message: BaseMessage) -> list[dict[str, Any]]:
    """Return the blocks of a message that are no text, such as pictures; none of what a model wrote."""
    if isinstance(message, AIMessage) or not isinstance(message.content, list):
        return []
    return [
        block
        for block in message.content
        if isinstance(block, dict) and block.get("type") not in (*_TEXT_BLOCKS, *_REASONING_BLOCKS)
    ]


def field_attachment(url: str, field_name: str) -> dict[str, Any]:
    """Return the block of a picture that a form's field names, which is always read here."""
    return {"type": "image", "url": url, "extras": {_FIELD: field_name}}


def _is_text(block: Mapping[str, Any]) -> bool:
    return block.get("type") in _TEXT_BLOCKS and isinstance(block.get("text"), str)


def _unreadable(name: str, problem: str) -> Block:
    return {
        "type": "text",
        "text": f"[{name} was left out, since it could not be read.]",
        "extras": {_UNREADABLE: problem},
    }


def _name_of(block: Mapping[str, Any]) -> str | None:
    """Return what the sender calls a file, wherever the block says it."""
    places = (block, block.get("metadata"), block.get("extras"), block.get("file"))
    names = (place.get(key) for place in places if isinstance(place, Mapping) for key in _NAMES)
    return next((name for name in names if isinstance(name, str) and name.strip()), None)
