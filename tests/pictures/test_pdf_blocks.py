import base64
from pathlib import Path
from typing import Any

import pytest

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.pdf_blocks import blocks_of_file, pdf_bytes_of
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.pictures.sources import load_reference, open_picture
from tests.pictures.files import PNG, encode_pdf

POLICY = ImagePolicy()
PDF = encode_pdf("red", "blue")
BASE64 = base64.b64encode(PDF).decode()
DATA_URL = f"data:application/pdf;base64,{BASE64}"
PNG_URL = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


@pytest.mark.parametrize(
    "block",
    [
        {"type": "file", "base64": BASE64, "mime_type": "application/pdf"},
        {"type": "file", "base64": BASE64},
        {"type": "file", "base64": PDF},
        {"type": "file", "url": DATA_URL},
        {"type": "file", "source_type": "base64", "data": BASE64, "mime_type": "application/PDF"},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": DATA_URL}},
        {"type": "input_file", "file_data": DATA_URL},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": BASE64}},
        {"type": "image", "base64": BASE64, "mime_type": "application/pdf"},
        {"type": "image_url", "image_url": {"url": DATA_URL}},
        {"type": "image_url", "image_url": DATA_URL},
    ],
)
def test_a_block_of_any_form_gives_its_pdf(block: dict[str, Any]) -> None:
    assert pdf_bytes_of(block, POLICY, "block") == PDF


@pytest.mark.parametrize(
    "block",
    [
        {"type": "text", "text": "%PDF-1.4"},
        {"type": "image", "base64": BASE64},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": BASE64}},
        {"type": "file", "base64": "aGVsbG8=", "mime_type": "text/csv"},
        {"type": "file", "base64": "aGVsbG8="},
        {"type": "file", "url": PNG_URL},
        {"type": "file", "source_type": "text", "url": "Some text."},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Some text."}},
        {"type": "document", "source": {"type": "content", "content": "Some text."}},
        {"type": "audio", "base64": "aaaa"},
    ],
)
def test_a_block_of_something_else_gives_none(block: dict[str, Any]) -> None:
    assert pdf_bytes_of(block, POLICY, "block") is None


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"type": "file", "file_id": "7"}, "under an id"),
        ({"type": "file", "file": {"file_id": "7"}}, "under an id"),
        ({"type": "file", "source_type": "id", "id": "7"}, "under an id"),
        ({"type": "file"}, "holds no file"),
        ({"type": "file", "url": "https://example.com/a.pdf"}, "allow_image_urls"),
        (
            {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}},
            "allow_image_urls",
        ),
        ({"type": "file", "url": "/tmp/a.pdf"}, "allowed_image_roots"),
    ],
)
def test_a_file_that_cannot_be_read_names_its_block(block: dict[str, Any], said: str) -> None:
    with pytest.raises(ImageError, match=rf"^messages\[3\]: .*{said}"):
        pdf_bytes_of(block, POLICY, "messages[3]")


def test_a_file_is_read_from_an_allowed_folder(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(PDF)
    block = {"type": "file", "url": str(path)}
    assert pdf_bytes_of(block, ImagePolicy(allowed_roots=(tmp_path,)), "block") == PDF


def test_a_file_becomes_a_block_for_each_page(tmp_path: Path) -> None:
    document, picture = tmp_path / "a.pdf", tmp_path / "a.png"
    document.write_bytes(PDF)
    picture.write_bytes(PNG)
    first, second = blocks_of_file(document)
    assert first["mime_type"] == "image/png"
    assert blocks_of_file(document, pages=[2]) == [second] != [first]
    assert len(blocks_of_file(picture)) == 1
    with pytest.raises(ImageError, match=r"a\.pdf: The PDF has 2 pages and no page 3"):
        blocks_of_file(document, pages=[3])
    with pytest.raises(ImageError, match=r"a\.png: It is no PDF file"):
        blocks_of_file(picture, pages=[1])


def test_a_page_can_be_named_in_the_place_of_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(PDF)
    page = open_picture(f"{path}#page=2", POLICY)
    assert page.image.getpixel((600, 800)) == pytest.approx((0, 0, 255), abs=3)
    allowed = ImagePolicy(allowed_roots=(tmp_path,))
    assert load_reference(f"{path}#page=2", allowed, "image") == page
    with pytest.raises(ImageError, match="allowed_image_roots"):
        load_reference(f"{path}#page=2", POLICY, "image")
    with pytest.raises(ImageError, match="no page 9"):
        open_picture(f"{path}#page=9", POLICY)
