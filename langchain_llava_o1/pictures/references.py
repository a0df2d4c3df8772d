"""Image blocks that hold a small copy of a picture, and say by its digest which picture is meant.

A conversation is saved with every turn and streamed to pages that show it; a photo would be in it many times.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from langchain_llava_o1.pictures.base64_text import decode_base64, encode_base64, write_data_url
from langchain_llava_o1.pictures.blocks import PICTURE_REFERENCE, block_of, extras_of
from langchain_llava_o1.pictures.picture import Picture, digest_of
from langchain_llava_o1.pictures.shrinking import small_copy

_LEAST_BYTES_TO_REFER_TO = 32_768
"""A smaller file is not worth a reference."""


class KeptFile(NamedTuple):
    """A picture's file as it is kept.

    Attributes:
        data: Its bytes.
        mime_type: What it is, as in ``image/jpeg``.
    """

    data: bytes
    mime_type: str

    @property
    def digest(self) -> str:
        """What tells it from other files: the SHA-256 of its bytes."""
        return digest_of(self.data)

    @property
    def is_worth_a_reference(self) -> bool:
        """Whether it is large enough to be kept apart from its message."""
        return len(self.data) >= _LEAST_BYTES_TO_REFER_TO

    @classmethod
    def of(cls, picture: Picture) -> "KeptFile":
        """Return a picture's file, in a format that every model and browser reads."""
        block = block_of(picture)
        return cls(decode_base64(block["base64"]), block["mime_type"])

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "KeptFile":
        """Read what ``as_record`` made."""
        return cls(decode_base64(record["base64"]), record["mime_type"])

    def as_record(self) -> dict[str, Any]:
        """Return plain data that JSON can hold."""
        return {"base64": encode_base64(self.data), "mime_type": self.mime_type}


def refer_to(
    block: Mapping[str, Any], picture: Picture, file: KeptFile, *, sent_size: tuple[int, int]
) -> dict[str, Any]:
    """Return a block that refers to a picture, and holds a small copy in the form that it had.

    Args:
        block: The image block as it was sent, of any form.
        picture: The picture as it is kept.
        file: Its file.
        sent_size: Width and height in which it was sent.
    """
    reference = {
        "sha256": file.digest,
        "size": list(picture.image.size),
        "sent_size": list(sent_size),
    }
    extras = {**extras_of(block), PICTURE_REFERENCE: reference}
    return {**with_file(block, KeptFile(small_copy(picture), "image/jpeg")), "extras": extras}


def put_back(block: Mapping[str, Any], file: KeptFile) -> dict[str, Any]:
    """Return the block that holds the picture itself, in the same form."""
    extras = {name: value for name, value in extras_of(block).items() if name != PICTURE_REFERENCE}
    whole = with_file({key: value for key, value in block.items() if key != "extras"}, file)
    return {**whole, "extras": extras} if extras else whole


def with_file(block: Mapping[str, Any], file: KeptFile) -> dict[str, Any]:
    """Return an image block with another file, in the form that the block has."""
    url = write_data_url(file.mime_type, file.data)
    if block["type"] == "image_url":
        named = block.get("image_url")
        return {**block, "image_url": {**named, "url": url} if isinstance(named, Mapping) else {"url": url}}
    if isinstance(block.get("source"), Mapping):
        source = {"type": "base64", "media_type": file.mime_type, "data": encode_base64(file.data)}
        return {**block, "source": source}
    rest = {key: value for key, value in block.items() if key not in _PLACES}
    # LangChain.js writes it so, and reads nothing else.
    if "mimeType" in block:
        return {**rest, "data": encode_base64(file.data), "mimeType": file.mime_type}
    if "source_type" in block:
        held = {"source_type": "base64", "data": encode_base64(file.data)}
    else:
        held = {"base64": encode_base64(file.data)}
    return {**rest, **held, "mime_type": file.mime_type}


_PLACES = ("base64", "data", "url", "path", "source_type", "mime_type")
