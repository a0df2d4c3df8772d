"""Smaller copies of pictures: for a model that sees no more, and for a page that shows which one is meant."""

import io

from PIL import Image

from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.pictures.policy import ImagePolicy

_JPEG = "image/jpeg"
_QUALITY = 90
_SMALL_COPY_EDGE = 256
_SMALL_COPY_QUALITY = 75
# A drawing or a page of text stays a PNG, unless that makes it so much larger.
_MOST_TIMES_LARGER = 2


def shrink(picture: Picture, max_pixels: int) -> Picture:
    """Return a picture with at most so many pixels, in its own proportions; itself if it has no more.

    What was a JPEG becomes one again; anything else becomes a PNG, or a JPEG where that is far smaller.
    """
    width, height = picture.image.size
    if width * height <= max_pixels:
        return picture
    scale = (max_pixels / (width * height)) ** 0.5
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    return _encode(picture.image.resize(size, Image.Resampling.LANCZOS), is_photo=picture.mime_type == _JPEG)


def small_copy(picture: Picture, edge: int = _SMALL_COPY_EDGE) -> bytes:
    """Return a JPEG of at most ``edge`` pixels in width and height, by which people recognise it."""
    image = picture.image.copy()
    image.thumbnail((edge, edge))
    return _as_jpeg(image, _SMALL_COPY_QUALITY)


def _encode(image: Image.Image, *, is_photo: bool) -> Picture:
    data = _as_jpeg(image, _QUALITY)
    if not is_photo:
        drawn = Picture.of_image(image)
        if len(drawn.data) <= _MOST_TIMES_LARGER * len(data):
            return drawn
    return Picture.decode(data, ImagePolicy())


def _as_jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, optimize=True)
    return file.getvalue()
