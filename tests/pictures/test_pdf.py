import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from pypdfium2 import PdfBitmap, PdfPage

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.pdf import can_read_pdf, is_pdf, pages_of, read_page_reference
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.pictures.policy import ImagePolicy
from tests.pictures.files import PNG, encode_pdf

POLICY = ImagePolicy()
COLOURS = ("red", "green", "blue")
PDF = encode_pdf(*COLOURS)
ENCRYPTED = b"""%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>> endobj
4 0 obj <</Filter/Standard/V 1/R 2/P -4/O<OWNER>/U<USER>>> endobj
trailer <</Root 1 0 R/Encrypt 4 0 R/ID[<00><00>]>>
""".replace(b"OWNER", b"11" * 32).replace(b"USER", b"22" * 32)


def unknown_pdf(*colours: str) -> bytes:
    """Write a file whose pages have not been drawn yet, since those that have been are remembered."""
    return encode_pdf(*colours) + f"% {uuid4()}".encode()


def colours_of(pages: list[Picture]) -> list[str]:
    """Tell the colours of pages by their middles."""
    found = []
    for page in pages:
        pixel = page.image.getpixel((page.image.width // 2, page.image.height // 2))
        assert isinstance(pixel, tuple)
        found.append({0: "red", 1: "green", 2: "blue"}[pixel.index(max(pixel))])
    return found


def test_each_page_is_a_picture_of_a_sensible_size() -> None:
    pages = pages_of(PDF, POLICY)
    assert colours_of(pages) == list(COLOURS)
    assert [max(page.image.size) for page in pages] == [1600] * 3
    assert pages[0].mime_type == "image/png"
    assert pages[0] == Picture.decode(pages[0].data, POLICY)


def test_pages_are_chosen_by_their_numbers() -> None:
    assert colours_of(pages_of(PDF, POLICY, pages=[3, 1])) == ["blue", "red"]
    with pytest.raises(ImageError, match=r"has 3 pages and no page 4\. Name pages from 1 to 3"):
        pages_of(PDF, POLICY, pages=[1, 4])
    with pytest.raises(ImageError, match="no page 0"):
        pages_of(PDF, POLICY, pages=[0])


def test_more_pages_than_are_allowed_are_refused() -> None:
    few = ImagePolicy(max_pdf_pages=2)
    with pytest.raises(ImageError, match="3 pages of a PDF are to be read; at most 2 are allowed"):
        pages_of(PDF, few)
    assert len(pages_of(PDF, few, pages=[2, 3])) == 2
    # Also where they have been drawn before, for somebody else.
    pages_of(PDF, POLICY)
    with pytest.raises(ImageError, match="at most 2"):
        pages_of(PDF, few)


def test_a_page_keeps_to_the_pixels_that_are_allowed() -> None:
    for max_pixels in (1, 100, 5000):
        policy = ImagePolicy(max_pixels=max_pixels)
        width, height = pages_of(encode_pdf("red", size=(1, 1)), policy)[0].image.size
        assert width * height <= max_pixels


def test_a_picture_on_a_page_keeps_to_the_pixels_that_are_allowed() -> None:
    data = encode_pdf("red", size=(80, 60))
    with pytest.raises(ImageError, match=r"Page 1 of the PDF: .*80x60 = 4,800 pixels; at most 4,799"):
        pages_of(data, ImagePolicy(max_pixels=4799))


def test_what_is_filled_in_into_a_form_is_drawn() -> None:
    form = b"""%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R/AcroForm <</Fields[4 0 R]>>>> endobj
2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]/Annots[4 0 R]>> endobj
4 0 obj <</Type/Annot/Subtype/Widget/FT/Tx/T(name)/Rect[0 0 72 72]/F 4/P 3 0 R/AP<</N 5 0 R>>>> endobj
5 0 obj <</Type/XObject/Subtype/Form/BBox[0 0 72 72]/Length 21>> stream
1 0 0 rg 0 0 72 72 re f
endstream endobj
trailer <</Root 1 0 R>>
"""
    (page,) = pages_of(form, POLICY)
    assert page.image.getpixel((800, 800)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (ENCRYPTED, "The PDF is encrypted. Save it without a password"),
        (b"%PDF-1.4 and nothing more", "truncated or damaged"),
        (PNG, "are no PDF file"),
        (b"", "The 0 bytes"),
    ],
)
def test_what_cannot_be_drawn_is_an_image_error(data: bytes, said: str) -> None:
    with pytest.raises(ImageError, match=said):
        pages_of(data, POLICY)


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(ImageError, match="bytes; at most 100 are allowed"):
        pages_of(PDF, ImagePolicy(max_bytes=100))


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert can_read_pdf()
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    assert not can_read_pdf()
    with pytest.raises(ImageError, match=re.escape('pip install "langchain-llava-o1[pdf]"')):
        pages_of(unknown_pdf("red"), POLICY)


def test_a_file_is_drawn_once_and_never_in_two_threads_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = threading.Lock()
    num_drawn = 0
    render = PdfPage.render

    def watched(page: PdfPage, **settings: Any) -> PdfBitmap:
        nonlocal num_drawn
        assert busy.acquire(blocking=False), "PDFium is used by two threads"
        try:
            num_drawn += 1
            # Nothing depends on how long: another thread gets its chance to break in.
            time.sleep(0.01)
            return render(page, **settings)
        finally:
            busy.release()

    monkeypatch.setattr(PdfPage, "render", watched)
    files = [unknown_pdf(*COLOURS[number:]) for number in range(3)]
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda data: colours_of(pages_of(data, POLICY)), files * 4))
    assert found == [["red", "green", "blue"], ["green", "blue"], ["blue"]] * 4
    assert num_drawn == 3 + 2 + 1


def test_a_pdf_is_known_by_its_beginning() -> None:
    assert is_pdf(PDF)
    assert is_pdf(b"\xef\xbb\xbf\n" + PDF)
    assert not is_pdf(PNG)
    assert not is_pdf(b" " * 2000 + PDF)


def test_a_page_is_named_as_links_name_it() -> None:
    assert read_page_reference("/a/b.PDF#page=12") == ("/a/b.PDF", 12)
    for other in ("a.pdf", "a.png#page=1", "a.pdf#page=", "a.pdf#page=1&zoom=2", "#page=1"):
        assert read_page_reference(other) is None


def test_a_pdf_in_the_place_of_a_picture_is_told_how_to_name_a_page() -> None:
    with pytest.raises(ImageError, match=re.escape("as in report.pdf#page=1")):
        Picture.decode(PDF, POLICY)
