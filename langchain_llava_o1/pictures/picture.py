"""A picture: its file and its pixels, decoded and hashed once, in the thread of whoever brings it.

Pillow warns at its own pixel limit and refuses at twice that, so the size is checked between reading
a picture's header and its pixels.
"""

import hashlib
import io
import threading
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Self

from cachetools import LRUCache, cached
from PIL import Image, ImageOps, UnidentifiedImageError

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.policy import ImagePolicy

IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
"""The formats that are decoded; of an animation, its first picture."""

_MAX_BYTES_REMEMBERED = 2**27
_BACKGROUND = (255, 255, 255)
_LEVELS_PER_GREY = 256


@dataclass(frozen=True)
class Picture:
    """A picture that has been decoded. Others may hold the same one: it is not to be changed.

    Two pictures are equal where their pixels are.

    Attributes:
        key: Digest of the pixels, by which the engine knows a picture again.
        image: The pixels in RGB, upright and on white where the picture was transparent.
        data: The bytes of the file.
        mime_type: What the file is, as in ``image/png``.
        digest: SHA-256 of the file's bytes, in hexadecimal digits.
    """

    key: bytes
    image: Image.Image = field(compare=False, repr=False)
    data: bytes = field(compare=False, repr=False)
    mime_type: str = field(compare=False)
    digest: str = field(compare=False)

    @classmethod
    def decode(cls, data: bytes, policy: ImagePolicy) -> "Picture":
        """Decode the bytes of a picture's file, or recall what became of them the last time.

        Raises:
            ImageError: The bytes are empty, no picture of a known format, truncated or too large.
        """
        if not data:
            raise ImageError("The picture is empty (0 bytes). Send the bytes of a picture file.")
        policy.check_num_bytes(len(data))
        picture = _decode(data, policy, digest_of(data))
        policy.check_size(picture.image.size)
        return picture

    @classmethod
    def of_image(cls, image: Image.Image) -> Self:
        """Make a picture of an image that Pillow holds; its file is a PNG.

        Raises:
            ImageError: If the image's pixels cannot be read.
        """
        try:
            image = _to_rgb(image)
        # A decoder raises whatever broken bytes lead it to.
        except Exception as error:
            raise ImageError(
                f"A picture cannot be decoded: {error}. Save it again as PNG or JPEG."
            ) from error
        file = io.BytesIO()
        image.save(file, "PNG")
        data = file.getvalue()
        return cls(_hash_pixels(image), image, data, "image/png", digest_of(data))

    @property
    def num_bytes(self) -> int:
        """Memory that it takes, about."""
        return 3 * self.image.width * self.image.height + len(self.data)


def digest_of(data: bytes) -> str:
    """Return what tells one content of a file from another: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


_remembered: LRUCache[str, Picture] = LRUCache(_MAX_BYTES_REMEMBERED, getsizeof=attrgetter("num_bytes"))


# A search sends the same picture with every candidate and verdict, many at the same time: the condition lets
# those wait for the first.
@cached(
    _remembered,
    key=lambda data, policy, digest: digest,
    condition=threading.Condition(),
)
def _decode(data: bytes, policy: ImagePolicy, digest: str) -> Picture:
    try:
        with Image.open(io.BytesIO(data), formats=IMAGE_FORMATS) as file:
            policy.check_size(file.size)
            mime_type = file.get_format_mimetype() or ""
            file.load()
            image = _to_rgb(_upright(file))
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(
            f"The picture has more pixels than Pillow opens ({error}). Make it smaller."
        ) from error
    except UnidentifiedImageError as error:
        raise ImageError(
            f"The {len(data)} bytes, which begin with {data[:8]!r}, are no picture in a known format. "
            f"Send one of {', '.join(IMAGE_FORMATS)}."
        ) from error
    # A decoder raises whatever the broken bytes lead it to: OSError, SyntaxError, struct.error, …
    except Exception as error:
        raise ImageError(
            f"The picture is truncated or damaged ({type(error).__name__}: {error}). Send the whole file."
        ) from error
    return Picture(_hash_pixels(image), image, data, mime_type, digest)


def _hash_pixels(image: Image.Image) -> bytes:
    # Keyed with the size: the same bytes in another shape show something else.
    return hashlib.blake2b(image.tobytes(), digest_size=16, key=repr(image.size).encode()).digest()


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    # Damaged camera data says nothing about the pixels, which have been read by now.
    except Exception:
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        # Greys of 16 bits; Pillow's own conversion cuts off everything above 255.
        image = image.convert("F").point(lambda grey: grey * (1 / _LEVELS_PER_GREY)).convert("L")
    if image.has_transparency_data:
        # The hidden colour under transparent pixels is arbitrary, often black.
        canvas = Image.new("RGBA", image.size, (*_BACKGROUND, 255))
        image = Image.alpha_composite(canvas, image.convert("RGBA"))
    return image.convert("RGB")
