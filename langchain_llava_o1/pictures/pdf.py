"""The pages of a PDF file as pictures.

PDFium draws them, through pypdfium2 (extra ``pdf``). It runs no scripts and fetches nothing.
"""

import importlib.util
import math
import re
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

from cachetools import LRUCache, cached

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.advice import ALLOW_MORE_PAGES, INSTALL_PDF
from langchain_llava_o1.pictures.picture import Picture, digest_of
from langchain_llava_o1.pictures.policy import ImagePolicy

PDF_MIME_TYPE = "application/pdf"
PDF_ENDING = ".pdf"

# Of a page's longer side, in pixels: more than any model here sees, and small print can still be read.
_LONGER_SIDE = 1600
_SIGNATURE = b"%PDF-"
_SIGNATURE_WITHIN = 1024
"""PDF readers look for the signature in so many first bytes."""

_MAX_BYTES_REMEMBERED = 2**28
_PAGE_REFERENCE = re.compile(r"(.+\.pdf)#page=(\d{1,9})", re.IGNORECASE | re.DOTALL)
# PDFium is not made for threads, not even with a document for each.
_pdfium = threading.Lock()


class PageReference(NamedTuple):
    """A page of a PDF file: where the file is, and the number of the page, from 1."""

    location: str
    page: int

    def __str__(self) -> str:
        return f"{self.location}#page={self.page}"


def read_page_reference(location: str) -> PageReference | None:
    """Read ``report.pdf#page=3``, as links name the page of a PDF; None where no page is named."""
    found = _PAGE_REFERENCE.fullmatch(location)
    return PageReference(found[1], int(found[2])) if found else None


def can_read_pdf() -> bool:
    """Tell whether the library that draws PDF files is there, without loading it."""
    return importlib.util.find_spec("pypdfium2") is not None


def is_pdf(data: bytes) -> bool:
    """Tell whether the bytes are those of a PDF file, by what it begins with."""
    return _SIGNATURE in data[:_SIGNATURE_WITHIN]


def pages_of(data: bytes, policy: ImagePolicy, *, pages: Sequence[int] | None = None) -> list[Picture]:
    """Draw the pages of a PDF file, or recall how they were drawn the last time.

    Args:
        data: The bytes of the file.
        policy: The most pages that are drawn, the most bytes of the file, and the most pixels of a page and
            of each picture on it.
        pages: Numbers of the pages to draw, from 1; None for all.

    Returns:
        The pages in the order of ``pages``; the file of each is a PNG.

    Raises:
        ImageError: The file is no PDF, damaged, encrypted or too large, there is no such page, or pypdfium2
            is missing.
    """
    policy.check_num_bytes(len(data))
    if not is_pdf(data):
        raise ImageError(
            f"The {len(data)} bytes, which begin with {data[:8]!r}, are no PDF file. Send the whole file."
        )
    chosen = None if pages is None else tuple(pages)
    drawn = _draw(data, policy, chosen, digest_of(data))
    _check_num_pages(len(drawn), policy)
    return list(drawn)


_remembered: LRUCache[Any, tuple[Picture, ...]] = LRUCache(
    _MAX_BYTES_REMEMBERED, getsizeof=lambda pages: sum(page.num_bytes for page in pages)
)


# A search may send the same file with every candidate and verdict, many at the same time: the condition lets
# those wait for the first.
@cached(
    _remembered,
    key=lambda data, policy, chosen, digest: (digest, chosen, policy.max_pixels),
    condition=threading.Condition(),
)
def _draw(
    data: bytes, policy: ImagePolicy, chosen: tuple[int, ...] | None, digest: str
) -> tuple[Picture, ...]:
    pdfium = _import_pdfium()
    with _pdfium:
        try:
            with pdfium.PdfDocument(data) as document:
                numbers = _choose_pages(len(document), chosen, policy)
                _prepare_forms(document, pdfium)
                return tuple(_draw_page(document, number, policy, pdfium) for number in numbers)
        except pdfium.PdfiumError as error:
            if error.err_code in (pdfium.raw.FPDF_ERR_PASSWORD, pdfium.raw.FPDF_ERR_SECURITY):
                raise ImageError(
                    "The PDF is encrypted. Save it without a password, or send pictures of its pages."
                ) from error
            raise ImageError(f"The PDF is truncated or damaged ({error}). Send the whole file.") from error


def _import_pdfium() -> Any:
    try:
        import pypdfium2
    except ImportError as error:
        raise ImageError(f"PDF files need a library that is missing. {INSTALL_PDF}") from error
    return pypdfium2


def _choose_pages(num_pages: int, chosen: tuple[int, ...] | None, policy: ImagePolicy) -> Sequence[int]:
    numbers = range(1, num_pages + 1) if chosen is None else chosen
    if missing := [number for number in numbers if not 1 <= number <= num_pages]:
        pages = "1 page" if num_pages == 1 else f"{num_pages} pages"
        raise ImageError(f"The PDF has {pages} and no page {missing[0]}. Name pages from 1 to {num_pages}.")
    _check_num_pages(len(numbers), policy)
    return numbers


def _check_num_pages(num_pages: int, policy: ImagePolicy) -> None:
    if num_pages > policy.max_pdf_pages:
        raise ImageError(
            f"{num_pages} pages of a PDF are to be read; at most {policy.max_pdf_pages} are allowed. "
            f"{ALLOW_MORE_PAGES}"
        )


def _prepare_forms(document: Any, pdfium: Any) -> None:
    """Have what is filled in into a form drawn, too."""
    has_scripts = "V8" in pdfium.PDFIUM_INFO.flags
    # The usual build has no scripts; one that has would run those of the form.
    if document.get_formtype() == pdfium.raw.FORMTYPE_ACRO_FORM and not has_scripts:
        document.init_forms()


def _draw_page(document: Any, number: int, policy: ImagePolicy, pdfium: Any) -> Picture:
    # All is closed here, under the lock, and not whenever it is collected.
    page = document[number - 1]
    try:
        # A page of a few bytes may hold a picture that takes gigabytes.
        for shown in page.get_objects(filter=[pdfium.raw.FPDF_PAGEOBJ_IMAGE]):
            policy.check_size(shown.get_px_size())
        width, height = page.get_size()
        bitmap = page.render(scale=_scale_of(width, height, policy))
        try:
            return Picture.of_image(bitmap.to_pil())
        finally:
            bitmap.close()
    except ImageError as error:
        raise ImageError(f"Page {number} of the PDF: {error}") from error
    finally:
        page.close()


def _scale_of(width: float, height: float, policy: ImagePolicy) -> float:
    """Return how many pixels a point becomes."""
    scale = _LONGER_SIDE / max(width, height, 1)
    while math.ceil(width * scale) * math.ceil(height * scale) > policy.max_pixels:
        scale *= 0.9
    return scale
