from collections.abc import Iterator
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


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    picture_module._decode.cache_clear()
    yield
    picture_module._decode.cache_clear()


def test_pixels_are_counted_before_they_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = ImagePolicy(max_pixels=23)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda image: pytest.fail("decoded"))
    with pytest.raises(ImageError, match=r"6x4 = 24 pixels; at most 23"):
        Picture.decode(PNG, policy)


def test_a_picture_beyond_pillows_own_limit_is_an_image_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5)
    with pytest.raises(ImageError, match="pixels"):
        Picture.decode(PNG, POLICY)


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
    data = encode(Image.new("RGB", (5, 7), "teal"))
    calls = []
    original = picture_module._hash_pixels
    monkeypatch.setattr(picture_module, "_hash_pixels", lambda image: calls.append(1) or original(image))
    with ThreadPoolExecutor(8) as threads:
        first, *others = threads.map(lambda _: Picture.decode(bytes(bytearray(data)), POLICY), range(16))
    assert all(other is first for other in others)
    assert len(calls) == 1


def test_the_limit_of_pixels_holds_for_a_picture_that_is_remembered() -> None:
    data = encode(Image.new("RGB", (5, 7), "teal"))
    Picture.decode(data, POLICY)
    with pytest.raises(ImageError, match="5x7 = 35 pixels; at most 34"):
        Picture.decode(data, ImagePolicy(max_pixels=34))


def test_the_picture_that_was_not_asked_for_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (encode(Image.effect_noise((60, 40), 90)) for _ in range(3))
    one = Picture.decode(first, POLICY)
    # As much as two of them take, file included.
    monkeypatch.setattr(picture_module._remembered, "_Cache__maxsize", int(2.5 * one.num_bytes))
    Picture.decode(second, POLICY)
    assert Picture.decode(first, POLICY) is one
    Picture.decode(third, POLICY)
    assert len(picture_module._remembered) == 2
    assert Picture.decode(first, POLICY) is one


def test_a_picture_too_large_to_be_remembered_is_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_module._remembered, "_Cache__maxsize", 10)
    assert Picture.decode(PNG, POLICY).data == PNG
    assert len(picture_module._remembered) == 0
