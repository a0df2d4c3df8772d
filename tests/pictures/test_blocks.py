import base64
from pathlib import Path
from typing import Any

import pytest

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.blocks import bytes_of, data_url_of, image_block, normalize_block
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.pictures.policy import ImagePolicy
from tests.pictures.files import PNG, draw_red, encode, encode_heic

BASE64 = base64.b64encode(PNG).decode()


def test_image_block_holds_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    assert image_block(path) == {"type": "image", "base64": BASE64, "mime_type": "image/png"}
    assert image_block(PNG) == image_block(str(path))
    with pytest.raises(ImageError, match=r"absent\.png"):
        image_block(tmp_path / "absent.png")
    path.write_bytes(PNG[:45])
    with pytest.raises(ImageError, match=r"a\.png"):
        image_block(path)


@pytest.mark.parametrize(
    ("data", "mime_type"),
    [
        (encode_heic(draw_red(64, 48)), "image/jpeg"),
        (encode(draw_red(64, 48), "AVIF"), "image/jpeg"),
        (encode(draw_red(64, 48), "TIFF"), "image/png"),
        (encode(draw_red(64, 48), "BMP"), "image/png"),
    ],
)
def test_what_others_may_not_read_is_written_anew(data: bytes, mime_type: str) -> None:
    block = image_block(data)
    assert block["mime_type"] == mime_type
    written = Picture.decode(base64.b64decode(block["base64"]), ImagePolicy())
    assert (written.mime_type, written.image.size) == (mime_type, (64, 48))
    assert written.image.getpixel((9, 9)) == pytest.approx((255, 0, 0), abs=3)
    # Written again it is the same, so that it is known again.
    assert image_block(data) == block


@pytest.mark.parametrize(
    "block",
    [
        image_block(PNG),
        {"type": "image", "base64": PNG, "mime_type": "image/png"},
        {"type": "image_url", "image_url": f"data:image/PNG;base64,{BASE64}"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": BASE64}},
    ],
)
def test_a_block_of_any_form_gives_its_file(block: dict[str, Any]) -> None:
    assert bytes_of(block) == PNG
    assert data_url_of(block) == f"data:image/png;base64,{BASE64}"


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "url": "https://example.com/a.png"},
        {"type": "image", "url": "data:image/svg+xml,<svg/>"},
        {"type": "image", "base64": "?"},
        {"type": "image", "base64": ""},
        {"type": "image", "file_id": "7"},
        {"type": "image"},
    ],
)
def test_a_block_that_holds_no_file_stays_as_it_is(block: dict[str, Any]) -> None:
    assert bytes_of(block) is None
    assert data_url_of(block) is None
    assert normalize_block(block).items() >= block.items()
