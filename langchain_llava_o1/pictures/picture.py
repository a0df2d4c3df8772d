"""A picture: its file and its pixels, decoded and hashed once, in the thread of whoever brings it."""

import hashlib
import io
import threading
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Self

from cachetools import LRUCache, cached
from PIL import Image

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.decoding import decode_file, to_plain_rgb
from langchain_llava_o1.pictures.policy import ImagePolicy

MAX_BYTES_REMEMBERED = 2**27
"""Memory for the pictures that are remembered, files included; the one not asked for longest goes first."""
_ROWS_HASHED_AT_ONCE = 256


@dataclass(frozen=True)
class Picture:
    """A picture that has been decoded. Others may hold the same one: it is not to be changed.

    Two pictures are equal where their pixels are.

    Attributes:
        key: Digest of the pixels, by which the engine knows a picture again.
        image: The pixels in RGB, upright and on white where the picture was transparent; of a picture that is
            larger than any model looks at, fewer of them.
        data: The bytes of the file.
        mime_type: What the file is, as in ``image/png``.
        digest: SHA-256 of the file's bytes, in hexadecimal digits.
        file_size: Width and height in pixels, as the file states them.
    """

    key: bytes
    image: Image.Image = field(compare=False, repr=False)
    data: bytes = field(compare=False, repr=False)
    mime_type: str = field(compare=False)
    digest: str = field(compare=False)
    file_size: tuple[int, int] = field(compare=False)

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
        policy.check_size(picture.file_size)
        return picture

    @classmethod
    def of_image(cls, image: Image.Image) -> Self:
        """Make a picture of an image that Pillow holds; its file is a PNG.

        Raises:
            ImageError: If the image's pixels cannot be read.
        """
        try:
            image = to_plain_rgb(image)
        # A decoder raises whatever broken bytes lead it to.
        except Exception as error:
            raise ImageError(
                f"A picture cannot be decoded: {error}. Save it again as PNG or JPEG."
            ) from error
        file = io.BytesIO()
        image.save(file, "PNG")
        data = file.getvalue()
        return cls(_hash_pixels(image), image, data, "image/png", digest_of(data), image.size)

    @property
    def num_bytes(self) -> int:
        """Memory that it takes, about."""
        return 3 * self.image.width * self.image.height + len(self.data)


def digest_of(data: bytes) -> str:
    """Return what tells one content of a file from another: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


_remembered: LRUCache[str, Picture] = LRUCache(MAX_BYTES_REMEMBERED, getsizeof=attrgetter("num_bytes"))


# A search sends the same picture with every candidate and verdict, many at the same time: the condition lets
# those wait for the first.
@cached(
    _remembered,
    key=lambda data, policy, digest: digest,
    condition=threading.Condition(),
)
def _decode(data: bytes, policy: ImagePolicy, digest: str) -> Picture:
    image, mime_type, file_size = decode_file(data, policy)
    return Picture(_hash_pixels(image), image, data, mime_type, digest, file_size)


def _hash_pixels(image: Image.Image) -> bytes:
    # Keyed with the size: the same bytes in another shape show something else.
    found = hashlib.blake2b(digest_size=16, key=repr(image.size).encode())
    # By strips, which need no second copy of all pixels.
    for top in range(0, image.height, _ROWS_HASHED_AT_ONCE):
        bottom = min(top + _ROWS_HASHED_AT_ONCE, image.height)
        found.update(image.crop((0, top, image.width, bottom)).tobytes())
    return found.digest()
