"""Files that are dropped on the page, as it shows them."""

import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from langchain_llava_o1.app.asking import read_question
from langchain_llava_o1.app.upload import has_pages, is_shown, picture_file
from langchain_llava_o1.errors import ImageError
from tests.pictures.files import RED, encode, encode_heic, encode_pdf

WHOLE = Image.new("RGB", (40, 30), RED)
HEIC = encode_heic(WHOLE.resize((41, 31)))


def save(folder: Path, name: str, data: bytes) -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def middle_of(path: Path) -> Any:
    with Image.open(path) as picture:
        return picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2))


def test_a_page_of_a_pdf_is_shown_as_a_picture(tmp_path: Path) -> None:
    # What a file is its bytes tell.
    path = save(tmp_path, "report.bin", encode_pdf("red", "blue"))
    assert has_pages(path)
    with picture_file(path, 2) as picture:
        assert picture.name == "report, page 2.png"
        red, _, blue = middle_of(picture)
        assert blue > red
    assert not picture.exists()
    with (
        pytest.raises(ImageError, match=r"^report\.bin: The PDF has 2 pages and no page 3"),
        picture_file(path, 3),
    ):
        pass


@pytest.mark.parametrize(
    ("name", "data", "shown_as"),
    [
        ("a.tiff", encode(WHOLE, "TIFF"), "a.png"),
        ("a.heic", encode_heic(WHOLE), "a.jpeg"),
        ("a", encode(WHOLE, "WEBP"), "a.webp"),
    ],
)
def test_what_browsers_do_not_show_becomes_what_they_do(
    tmp_path: Path, name: str, data: bytes, shown_as: str
) -> None:
    path = save(tmp_path, name, data)
    assert not is_shown(path)
    assert not has_pages(path)
    with picture_file(path) as picture:
        assert picture.name == shown_as
        assert middle_of(picture)[0] > 200


def test_all_pages_of_a_pdf_are_asked_about(tmp_path: Path) -> None:
    path = save(tmp_path, "report.pdf", encode_pdf("red", "blue"))
    assert [block["type"] for block in read_question(path, "How many?").content_blocks] == [
        "image",
        "image",
        "text",
    ]


@pytest.mark.parametrize(
    ("library", "name", "data", "told"),
    [
        # Of sizes of their own, since pictures that were decoded and pages that were drawn are remembered.
        (
            "pypdfium2",
            "a.pdf",
            encode_pdf("green", size=(61, 81)),
            r'^a\.pdf: .*pip install "langchain-llava-o1\[pdf\]"',
        ),
        ("pillow_heif", "a.heic", HEIC, r'^a\.heic: .*pip install "langchain-llava-o1\[heic\]"'),
    ],
)
def test_a_missing_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str, name: str, data: bytes, told: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    path = save(tmp_path, name, data)
    with pytest.raises(ImageError, match=told), picture_file(path, 1 if name.endswith(".pdf") else None):
        pass
