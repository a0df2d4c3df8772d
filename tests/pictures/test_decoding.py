import struct
import sys
from pathlib import Path

import pytest
from PIL import Image

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.decoding import decode_file
from langchain_llava_o1.pictures.formats import FORMAT_NAMES, FORMATS
from langchain_llava_o1.pictures.policy import ImagePolicy
from tests.pictures.files import RED, draw_red, encode, encode_heic, encode_tiff

POLICY = ImagePolicy()
CONTAINER_BRAND = b"mif1"


def decode(data: bytes) -> Image.Image:
    return decode_file(data, POLICY).image


def encode_as(name: str, image: Image.Image, exif: Image.Exif | None = None) -> bytes:
    if name == "HEIC":
        return encode_heic(image, exif)
    return encode(image, name.upper(), **({} if exif is None else {"exif": exif}))


@pytest.mark.parametrize("name", [known.name for known in FORMATS])
def test_every_format_is_decoded(name: str) -> None:
    decoded = decode_file(encode_as(name, draw_red(64, 48)), POLICY)
    assert (decoded.image.mode, decoded.image.size, decoded.file_size) == ("RGB", (64, 48), (64, 48))
    assert decoded.image.getpixel((9, 9)) == pytest.approx(RED, abs=2)
    assert decoded.mime_type == f"image/{name.lower()}"


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WebP", "TIFF", "AVIF", "HEIC"])
def test_a_turned_photograph_is_put_upright(name: str) -> None:
    image = Image.new("RGB", (64, 32), "red")
    image.paste("blue", (32, 0, 64, 32))
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = decode(encode_as(name, image, exif))
    assert upright.size == (32, 64)
    assert upright.getpixel((16, 8)) == pytest.approx(RED, abs=9)
    assert upright.getpixel((16, 56)) == pytest.approx((0, 0, 255), abs=9)


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "AVIF", "TIFF"])
def test_of_several_frames_or_pages_the_first_is_decoded(file_format: str) -> None:
    others = [Image.new("RGB", (32, 32), colour) for colour in ("blue", "green")]
    data = encode(draw_red(32, 32), file_format, save_all=True, append_images=others)
    assert decode(data).getpixel((5, 5)) == pytest.approx(RED, abs=2)


def test_a_photograph_that_holds_a_second_picture_is_a_jpeg() -> None:
    data = encode(draw_red(32, 32), "MPO", save_all=True, append_images=[draw_red(16, 16)])
    decoded = decode_file(data, POLICY)
    assert (decoded.image.size, decoded.mime_type) == ((32, 32), "image/jpeg")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # Greys of 16 and of 12 bits, with white at the end of the range or at its beginning.
        (encode_tiff(struct.pack("<2H", 0x4000, 0xC000), 2, [16], 1), [(64, 64, 64), (192, 192, 192)]),
        (encode_tiff(struct.pack("<2H", 0x4000, 0xC000), 2, [16], 0), [(191, 191, 191), (63, 63, 63)]),
        (encode_tiff(bytes([0x40, 0x0C, 0x00]), 2, [12], 1), [(64, 64, 64), (192, 192, 192)]),
        (encode_tiff(struct.pack("<3H", 0xFFFF, 0x8000, 0), 1, [16] * 3, 2), [(255, 128, 0)]),
        (encode_tiff(struct.pack("<4H", 0, 0xFFFF, 0xFFFF, 0), 1, [16] * 4, 5), [(255, 0, 0)]),
        (encode_tiff(bytes([0, 255, 255, 0]), 1, [8] * 4, 5), [(255, 0, 0)]),
    ],
)
def test_deep_and_printed_colours_of_a_tiff_are_read(data: bytes, expected: list[tuple[int, ...]]) -> None:
    image = decode(data)
    assert [image.getpixel((x, 0)) for x in range(image.width)] == expected


@pytest.mark.parametrize(("brightest", "half"), [(1.0, 0.5), (255.0, 127.5), (65535.0, 32767.5), (4e9, 2e9)])
def test_greys_of_32_bits_are_as_bright_as_their_range_says(brightest: float, half: float) -> None:
    grey = Image.new("F", (3, 1))
    for x, value in enumerate((0.0, half, brightest)):
        grey.putpixel((x, 0), value)
    image = decode(encode(grey, "TIFF"))
    assert [image.getpixel((x, 0))[0] for x in range(3)] == pytest.approx([0, 127, 255], abs=1)


def test_a_printed_jpeg_has_its_colours() -> None:
    data = encode(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG")
    assert decode(data).getpixel((5, 5)) == pytest.approx(RED, abs=3)


def test_a_photograph_of_48_megapixels_is_halved() -> None:
    data = encode(Image.new("L", (8064, 6048), 90), "JPEG")
    decoded = decode_file(data, POLICY)
    assert decoded.file_size == (8064, 6048)
    assert decoded.image.size == (4032, 3024)
    assert decoded.image.getpixel((2000, 1500)) == (90, 90, 90)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "I;16"])
def test_whatever_its_format_a_picture_that_is_far_too_large_is_made_smaller(mode: str) -> None:
    image = Image.new("L", (8960, 8), 255).convert("I" if mode == "I;16" else mode).convert(mode)
    assert decode(encode(image)).size == (2240, 2)
    assert decode(encode(image.crop((0, 0, 4479, 8)))).size == (4479, 8)


def test_heic_without_its_decoder_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode_heic(draw_red(64, 48))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError, match=r'pip install "langchain-llava-o1\[heic\]"'):
        decode(data)


def test_what_tells_apart_heic_and_avif_is_more_than_the_first_brand() -> None:
    image = draw_red(64, 48)
    for data in (encode_heic(image), encode(image, "AVIF")):
        assert decode(data[:8] + CONTAINER_BRAND + data[12:]).getpixel((9, 9)) == pytest.approx(RED, abs=2)


@pytest.mark.parametrize("name", ["JPEG", "TIFF", "AVIF", "HEIC"])
def test_pixels_are_counted_before_they_are_decoded(name: str) -> None:
    with pytest.raises(ImageError, match=r"64x48 = 3,072 pixels; at most 3,071"):
        decode_file(encode_as(name, draw_red(64, 48)), ImagePolicy(max_pixels=3071))


@pytest.mark.parametrize("name", [known.name for known in FORMATS])
def test_a_file_that_is_cut_off_is_an_image_error(name: str) -> None:
    data = encode_as(name, Image.effect_noise((64, 48), 90).convert("RGB"))
    with pytest.raises(ImageError, match=r"truncated or damaged|known format"):
        decode_file(data[: len(data) // 2], POLICY)


def test_what_is_no_picture_is_told_which_are() -> None:
    with pytest.raises(ImageError, match=f"Send one in {FORMAT_NAMES}"):
        decode_file(b"neither this nor that", POLICY)


@pytest.mark.parametrize("page", ["README.md", "docs/how-to/pictures-and-pdf.md", "docs/how-to/rag.md"])
def test_the_documentation_names_the_formats_that_are_read(page: str) -> None:
    text = (Path(__file__).parents[2] / page).read_text(encoding="utf-8")
    assert FORMAT_NAMES in " ".join(text.split())
