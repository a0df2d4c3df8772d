import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures import picture as picture_module
from langchain_llava_o1.pictures.picture import Picture, digest_of
from langchain_llava_o1.pictures.policy import ImagePolicy
from tests.pictures.files import PNG, draw_red, encode

POLICY = ImagePolicy()


def unknown_picture(width: int, height: int, num_bytes: int = 0) -> bytes:
    """Write a PNG that has not been decoded yet, since those that have been are remembered.

    Args:
        width: In pixels.
        height: In pixels.
        num_bytes: How many bytes to add at its end, which decoders pass over.
    """
    return encode(Image.frombytes("RGB", (width, height), os.urandom(3 * width * height))) + bytes(num_bytes)


def test_pixels_are_counted_before_they_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = ImagePolicy(max_pixels=23)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda image: pytest.fail("decoded"))
    with pytest.raises(ImageError, match=r"6x4 = 24 pixels; at most 23"):
        Picture.decode(unknown_picture(6, 4), policy)


def test_a_picture_beyond_pillows_own_limit_is_an_image_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5)
    with pytest.raises(ImageError, match="pixels"):
        Picture.decode(unknown_picture(6, 4), POLICY)


def test_transparent_pixels_are_white() -> None:
    image = Picture.decode(encode(Image.new("RGBA", (2, 2), (0, 0, 0, 0))), POLICY).image
    assert image.getpixel((0, 0)) == (255, 255, 255)


def test_deep_greys_keep_their_order() -> None:
    grey = Image.new("I;16", (2, 1))
    grey.putpixel((0, 0), 0x4000)
    grey.putpixel((1, 0), 0xC000)
    image = Picture.decode(encode(grey), POLICY).image
    assert [image.getpixel((x, 0)) for x in range(2)] == [(64, 64, 64), (192, 192, 192)]


def test_a_picture_keeps_its_file() -> None:
    picture = Picture.decode(PNG, POLICY)
    assert (picture.data, picture.mime_type, picture.digest) == (PNG, "image/png", digest_of(PNG))


def test_equal_pixels_have_equal_keys_in_whatever_file() -> None:
    picture = Picture.decode(PNG, POLICY)
    other = Picture.decode(encode(draw_red(), "BMP"), POLICY)
    assert (picture, picture.key) == (other, other.key)
    assert picture.digest != other.digest
    assert picture == Picture.of_image(draw_red())
    assert picture.key != Picture.of_image(Image.new("RGB", (6, 4), "blue")).key


def test_the_same_bytes_in_another_shape_are_another_picture() -> None:
    assert Picture.of_image(draw_red(6, 4)).key != Picture.of_image(draw_red(4, 6)).key


def test_a_picture_of_an_image_is_as_that_of_its_file() -> None:
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    picture = Picture.of_image(clear)
    assert picture.image.getpixel((0, 0)) == (255, 255, 255)
    assert picture == Picture.decode(encode(clear), POLICY) == Picture.decode(picture.data, POLICY)


def test_an_image_whose_file_is_cut_off_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encode(Image.effect_noise((64, 64), 90))[:-300])
    with Image.open(path) as image, pytest.raises(ImageError, match="cannot be decoded"):
        Picture.of_image(image)


def test_a_picture_is_decoded_and_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = unknown_picture(5, 7)
    calls = []

    def watch(holder: object, name: str) -> None:
        original = getattr(holder, name)
        monkeypatch.setattr(
            holder, name, lambda *given, **options: calls.append(name) or original(*given, **options)
        )

    watch(picture_module, "decode_file")
    watch(hashlib, "blake2b")
    with ThreadPoolExecutor(8) as threads:
        first, *others = threads.map(lambda _: Picture.decode(bytes(bytearray(data)), POLICY), range(16))
    assert all(other is first for other in others)
    assert calls == ["decode_file", "blake2b"]


def test_the_limit_of_pixels_holds_for_a_picture_that_is_remembered() -> None:
    data = unknown_picture(5, 7)
    Picture.decode(data, POLICY)
    with pytest.raises(ImageError, match="5x7 = 35 pixels; at most 34"):
        Picture.decode(data, ImagePolicy(max_pixels=34))


def test_the_picture_that_was_not_asked_for_longest_is_forgotten() -> None:
    # There is room for two of them, files included.
    one, two, three = (unknown_picture(6, 4, picture_module.MAX_BYTES_REMEMBERED * 2 // 5) for _ in range(3))
    policy = ImagePolicy(max_bytes=len(one))
    first, second = Picture.decode(one, policy), Picture.decode(two, policy)
    assert Picture.decode(one, policy) is first
    third = Picture.decode(three, policy)
    assert Picture.decode(one, policy) is first
    assert Picture.decode(three, policy) is third
    assert Picture.decode(two, policy) is not second


def test_a_picture_too_large_to_be_remembered_is_read_all_the_same() -> None:
    data = unknown_picture(6, 4, picture_module.MAX_BYTES_REMEMBERED)
    policy = ImagePolicy(max_bytes=len(data))
    picture = Picture.decode(data, policy)
    assert picture.data == data
    assert Picture.decode(data, policy) is not picture
