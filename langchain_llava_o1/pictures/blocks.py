"""Pictures as the image blocks of LangChain messages, which are plain dicts.

Every image block of LangChain is read: v1, v0, ``image_url`` with a dict or a string, data URLs, and
Anthropic sources. What is written is v1: ``{"type": "image", "base64": …, "mime_type": …}``.
"""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.advice import SEND_IN_BASE64, WRITE_AN_IMAGE_BLOCK
from langchain_llava_o1.pictures.base64_text import (
    decode_base64,
    encode_base64,
    is_data_url,
    split_data_url,
    write_data_url,
)
from langchain_llava_o1.pictures.picture import Picture, digest_of
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.pictures.sources import ImageSource, read_file

IMAGE_BLOCKS = ("image", "image_url")
"""Types of the blocks that are read here."""

_DEFAULT_MIME_TYPE = "image/png"
_KNOWN_EVERYWHERE = ("image/png", "image/jpeg", "image/webp", "image/gif")
_PHOTOGRAPHS = ("image/heic", "image/heif", "image/avif")
_QUALITY = 95

PICTURE_REFERENCE = "llava_o1_picture"
"""The key in a block's ``extras`` of its reference: ``sha256``, and in pixels ``size`` and ``sent_size``."""


def image_block(picture: str | Path | bytes, *, policy: ImagePolicy | None = None) -> dict[str, Any]:
    """Make a message's image block from a file of one's own or its bytes.

    Args:
        picture: A path, or the bytes of a picture file. Any path may be read: the caller chose it.
        policy: Limits; the default ones if None.

    Returns:
        A LangChain image block that holds the picture in base64.

    Raises:
        ImageError: The picture is missing, broken or too large.
    """
    policy = policy or ImagePolicy()
    data = picture if isinstance(picture, bytes) else read_file(Path(picture), policy)
    name = "The bytes" if isinstance(picture, bytes) else str(picture)
    try:
        return block_of(Picture.decode(data, policy))
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from error


def block_of(picture: Picture) -> dict[str, Any]:
    """Return the image block that holds a picture in base64.

    A picture in a format that hosted models and browsers may not know is written anew: a photograph as JPEG,
    any other as PNG.
    """
    if picture.mime_type in _KNOWN_EVERYWHERE:
        return _block(picture.data, picture.mime_type)
    file = io.BytesIO()
    if picture.mime_type in _PHOTOGRAPHS:
        picture.image.save(file, "JPEG", quality=_QUALITY)
        return _block(file.getvalue(), "image/jpeg")
    picture.image.save(file, "PNG")
    return _block(file.getvalue(), "image/png")


def source_of(block: Mapping[Any, Any], where: str) -> ImageSource:
    """Find out where an image block has its picture.

    Args:
        block: A block of a type in ``IMAGE_BLOCKS``.
        where: Names the block in errors.

    Raises:
        ImageError: If it holds no picture, or one that only a provider can read.
    """
    found = _description_in(block)
    for key in ("base64", "data"):
        if isinstance(found.get(key), str | bytes):
            return ImageSource(data=found[key])
    for key in ("url", "path"):
        if isinstance(found.get(key), str):
            return ImageSource(location=found[key])
    if is_stored_with_provider(block):
        raise ImageError(
            f"{where}: a picture stored with a provider under an id cannot be read here. {SEND_IN_BASE64}"
        )
    raise ImageError(
        f"{where}: the image block holds no picture (its keys are {sorted(map(str, block))}). "
        f"{WRITE_AN_IMAGE_BLOCK}"
    )


def is_stored_with_provider(block: Mapping[Any, Any]) -> bool:
    """Tell whether an image block names a file that only the provider of a hosted model can read."""
    found = _description_in(block)
    return bool(found.get("file_id")) or found.get("source_type") == "id"


def normalize_block(block: Mapping[Any, Any]) -> dict[str, Any]:
    """Write an image block of any form as one with ``base64``, or with ``url`` where it names a place.

    What the bytes are is not looked at. A block that holds no picture stays as it is, for a model to refuse.
    """
    try:
        found = _read(block)
    except ImageError:
        return dict(block)
    written = {"type": "image", "url": found} if isinstance(found, str) else _block(*found)
    # They say which picture is meant where the block holds a small copy.
    return {**written, "extras": block["extras"]} if block.get("extras") else written


def bytes_of(block: Mapping[Any, Any]) -> bytes | None:
    """Return the bytes of the file that a block holds; None where it names a place, or cannot be read."""
    held = _read_held(block)
    return held.data if held else None


def extras_of(block: Mapping[Any, Any]) -> Mapping[str, Any]:
    """Return a block's ``extras``; empty where a sender put anything else there."""
    extras = block.get("extras")
    return extras if isinstance(extras, Mapping) else {}


def read_reference(block: Mapping[str, Any]) -> str | None:
    """Return the digest of the picture that a block refers to; None if it holds its picture itself."""
    reference = extras_of(block).get(PICTURE_REFERENCE)
    digest = reference.get("sha256") if isinstance(reference, Mapping) else None
    return digest if isinstance(digest, str) else None


def digest_of_block(block: Mapping[Any, Any]) -> str:
    """Return what tells pictures apart: the SHA-256 of a block's file, or the place that the block names.

    Of a block that holds a small copy it is that of the picture's own file.
    """
    if (kept := read_reference(block)) is not None:
        return kept
    data = bytes_of(block)
    return digest_of(data) if data is not None else str(block.get("url") or block.get("file_id") or "")


def data_url_of(block: Mapping[Any, Any]) -> str | None:
    """Return the file that a block holds as a data URL; None where it names a place, or cannot be read."""
    held = _read_held(block)
    return write_data_url(held.mime_type.lower(), held.data) if held else None


class _File(NamedTuple):
    """What a block holds, not looked at."""

    data: bytes
    mime_type: str


def _description_in(block: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """Return the part of an image block that says what or where its picture is."""
    if block["type"] == "image_url":
        named = block.get("image_url")
        return named if isinstance(named, dict) else {"url": named}
    source = block.get("source")
    return source if isinstance(source, dict) else block


def _read(block: Mapping[Any, Any]) -> _File | str:
    """Read the file that a block holds, or the place that it names."""
    data, location = source_of(block, "block")
    source = block.get("source")
    described = source if isinstance(source, dict) else block
    stated_keys = ("mime_type", "media_type", "mimeType")
    mime_type = next(filter(None, map(described.get, stated_keys)), _DEFAULT_MIME_TYPE)
    if location is not None:
        if not is_data_url(location):
            return location
        stated, data = split_data_url(location)
        mime_type = stated or _DEFAULT_MIME_TYPE
    return _File(data if isinstance(data, bytes) else decode_base64(data or ""), str(mime_type))


def _read_held(block: Mapping[Any, Any]) -> _File | None:
    try:
        found = _read(block)
    except ImageError:
        return None
    return found if isinstance(found, _File) and found.data else None


def _block(data: bytes, mime_type: str) -> dict[str, Any]:
    return {"type": "image", "base64": encode_base64(data), "mime_type": mime_type}
