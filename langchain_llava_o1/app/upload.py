"""Files that are dropped on the page: pictures, and pages of a PDF file as pictures that a browser shows."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.blocks import bytes_of
from langchain_llava_o1.pictures.pdf import is_pdf
from langchain_llava_o1.pictures.pdf_blocks import blocks_of_file

_SHOWN_BY_BROWSERS = frozenset({".png", ".apng", ".jpg", ".jpeg", ".jfif", ".webp", ".gif", ".bmp", ".avif"})
_BEGINNING_BYTES = 1024


def is_shown(path: str) -> bool:
    """Tell whether browsers show a file of this name by themselves."""
    return Path(path).suffix.lower() in _SHOWN_BY_BROWSERS


def has_pages(path: str) -> bool:
    """Tell whether a file is a PDF."""
    with Path(path).open("rb") as file:
        return is_pdf(file.read(_BEGINNING_BYTES))


def read_upload(path: str, page: int | None = None) -> list[dict[str, Any]]:
    """Read a file as image blocks: one of a picture, one for each page of a PDF.

    Args:
        path: Where the upload was put.
        page: The only page of a PDF to read, from 1; None for all.

    Raises:
        ImageError: If the file cannot be read, there is no such page, or what reads its format is missing.
    """
    try:
        return blocks_of_file(path, pages=None if page is None else [page])
    except ImageError as error:
        # Where the upload was put tells nobody anything.
        raise ImageError(str(error).replace(path, Path(path).name)) from error


@contextmanager
def picture_file(path: str, page: int | None = None) -> Iterator[Path]:
    """Write what a browser does not show as a picture that it does, for as long as it takes to pass it on.

    Args:
        path: Where the upload was put.
        page: Of a PDF the page, from 1; else None.

    Raises:
        ImageError: As for ``read_upload``.
    """
    (block,) = read_upload(path, page)
    name = Path(path).stem if page is None else f"{Path(path).stem}, page {page}"
    with TemporaryDirectory() as folder:
        picture = Path(folder, f"{name}.{block['mime_type'].rpartition('/')[2]}")
        picture.write_bytes(bytes_of(block) or b"")
        yield picture
