"""PDF files as the blocks of LangChain messages, which are plain dicts.

File blocks are read in the forms of LangChain v1 and v0, of OpenAI (``file`` and ``input_file``) and of
Anthropic (``document``); so is a PDF in an image block that says what it is.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.advice import SEND_THE_FILE_IN_BASE64, WRITE_A_FILE_BLOCK
from langchain_llava_o1.pictures.base64_text import is_base64, is_data_url, split_data_url
from langchain_llava_o1.pictures.blocks import IMAGE_BLOCKS, block_of, source_of
from langchain_llava_o1.pictures.pdf import PDF_MIME_TYPE, is_pdf, pages_of
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.pictures.sources import ImageSource, read_file, read_source

FILE_BLOCKS = ("file", "input_file", "document")
"""Types of the blocks that hold files of any kind."""

_BEGINNING = b"%PDF-1"
_BEGINNING_IN_BASE64 = "JVBERi"


def pdf_bytes_of(block: Mapping[Any, Any], policy: ImagePolicy, where: str) -> bytes | None:
    """Return the bytes of the PDF file that a block holds or names; None where it is of something else.

    Where a file block does not say what it holds, its bytes tell; what it names is taken for a PDF.

    Args:
        block: A block of a message, of any type.
        policy: From where files may be read, and how large they may be.
        where: Names the block in errors.

    Raises:
        ImageError: The block holds no file, or one that is too large or from a place that is not allowed.
    """
    source = pdf_source_of(block, where)
    return None if source is None else read_source(source, policy, where)


def pdf_source_of(block: Mapping[Any, Any], where: str) -> ImageSource | None:
    """Find out where a block has its PDF file; None where the block is of something else.

    Raises:
        ImageError: If it is a file block that holds no file, or one that only a provider can read.
    """
    held = _held_by(block)
    if block.get("type") in IMAGE_BLOCKS:
        return source_of(block, where) if _mime_type_of(held) == PDF_MIME_TYPE else None
    stated = _mime_type_of(held)
    is_text = "text" in (held.get("type"), held.get("source_type")) or held.get("type") == "content"
    if block.get("type") not in FILE_BLOCKS or is_text or stated not in ("", PDF_MIME_TYPE):
        return None
    for key in ("base64", "data"):
        if isinstance(held.get(key), str | bytes):
            is_known = bool(stated) or held[key][: len(_BEGINNING)] in (_BEGINNING, _BEGINNING_IN_BASE64)
            return ImageSource(data=held[key]) if is_known else None
    if (location := _location_of(held)) is not None:
        return ImageSource(data=location) if is_base64(location) else ImageSource(location=location)
    if held.get("file_id") or held.get("source_type") == "id":
        raise ImageError(
            f"{where}: a file stored with a provider under an id cannot be read here. "
            f"{SEND_THE_FILE_IN_BASE64}"
        )
    raise ImageError(
        f"{where}: the file block holds no file (its keys are {sorted(map(str, block))}). "
        f"{WRITE_A_FILE_BLOCK}"
    )


def blocks_of_file(
    path: str | Path, *, policy: ImagePolicy | None = None, pages: Sequence[int] | None = None
) -> list[dict[str, Any]]:
    """Make image blocks from a file of one's own: one from a picture, one for each page from a PDF.

    Args:
        path: Any path may be read: the caller chose it.
        policy: Limits; the default ones if None.
        pages: Which pages of a PDF, from 1; None for all.

    Raises:
        ImageError: The file is missing, broken or too large, or there is no such page.
    """
    policy = policy or ImagePolicy()
    data = read_file(Path(path), policy)
    try:
        return blocks_of_data(data, policy=policy, pages=pages)
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from error


def blocks_of_data(
    data: bytes, *, policy: ImagePolicy | None = None, pages: Sequence[int] | None = None
) -> list[dict[str, Any]]:
    """Make image blocks from the bytes of a file, as ``blocks_of_file`` does.

    Raises:
        ImageError: The file is broken or too large, or there is no such page.
    """
    policy = policy or ImagePolicy()
    policy.check_num_bytes(len(data))
    if is_pdf(data):
        return [block_of(page) for page in pages_of(data, policy, pages=pages)]
    if pages is not None:
        raise ImageError("It is no PDF file, so it has no pages to choose from. Leave --pages out.")
    return [block_of(Picture.decode(data, policy))]


def _held_by(block: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """Return the part of a block that says what it holds."""
    if isinstance(block.get("image_url"), str):
        return {"url": block["image_url"]}
    for key in ("source", "file", "image_url"):
        if isinstance(block.get(key), dict):
            return cast("Mapping[Any, Any]", block[key])
    return block


def _location_of(held: Mapping[Any, Any]) -> str | None:
    named = (held.get(key) for key in ("url", "file_url", "file_data", "path"))
    return next((location for location in named if isinstance(location, str)), None)


def _mime_type_of(held: Mapping[Any, Any]) -> str:
    """Return what a block says that it holds, in lower case; empty where it does not say."""
    location = _location_of(held) or ""
    if is_data_url(location):
        stated, _ = split_data_url(location)
    else:
        stated = str(held.get("mime_type") or held.get("media_type") or held.get("mimeType") or "")
    return stated.partition(";")[0].strip().lower()
