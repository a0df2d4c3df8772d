"""Pictures from outside: decoded within limits, and only from places that are allowed.

Pillow warns at its own pixel limit and refuses at twice that, so the size is checked between reading
a picture's header and its pixels.
"""

import base64
import binascii
import hashlib
import io
import os
import re
import stat
import threading
import urllib.parse
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

from PIL import Image, ImageOps, UnidentifiedImageError

from langchain_llava_o1.errors import ConfigurationError, ImageError
from langchain_llava_o1.pictures.download import download

IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
"""The formats that are decoded; of an animation, its first picture."""

_MAX_PIXELS_REMEMBERED = 2**25
_BACKGROUND = (255, 255, 255)
_LEVELS_PER_GREY = 256
# Base64 has no dot, and paths of pictures have one; the smallest picture file is longer than this.
_BASE64 = re.compile(r"[A-Za-z0-9+/=_\s-]+")
_MIN_BASE64 = 80
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True)
class ImagePolicy:
    """Which pictures are taken in.

    Attributes:
        allowed_roots: Folders below which a path in a message may lie. None allowed by default.
        allow_urls: Whether pictures are fetched from https addresses.
        max_pixels: Most pixels of a picture, width times height.
        max_bytes: Most bytes of a picture's file.
        url_timeout: Seconds a download may take in all.
    """

    allowed_roots: tuple[Path, ...] = ()
    allow_urls: bool = False
    max_pixels: int = 40_000_000
    max_bytes: int = 20_000_000
    url_timeout: float = 20.0

    @classmethod
    def from_environment(cls) -> Self:
        """Return the limits by default, with the places that the environment allows.

        ``LLAVA_O1_IMAGE_ROOTS`` has folders, separated as in ``PATH``; ``LLAVA_O1_IMAGE_URLS`` is ``true``
        or ``false``.

        Raises:
            ConfigurationError: If ``LLAVA_O1_IMAGE_URLS`` is neither.
        """
        urls = os.environ.get("LLAVA_O1_IMAGE_URLS", "").strip().lower()
        if urls not in ("", "true", "false"):
            raise ConfigurationError(f"LLAVA_O1_IMAGE_URLS is {urls!r}; set it to true or false.")
        roots = os.environ.get("LLAVA_O1_IMAGE_ROOTS", "").split(os.pathsep)
        return cls(
            allowed_roots=tuple(Path(root) for root in roots if root.strip()), allow_urls=urls == "true"
        )


class ImageSource(NamedTuple):
    """Where a picture comes from: exactly one of the two is set.

    Attributes:
        data: The bytes of the file, or their base64 text.
        location: A data URL, an https URL, a file URL or a path.
    """

    data: bytes | str | None = None
    location: str | None = None


def load_image(source: ImageSource, policy: ImagePolicy, where: str) -> Image.Image:
    """Read one picture as RGB, upright and on white where it was transparent.

    Args:
        source: Where the picture comes from.
        policy: What is allowed.
        where: Names the message and block in errors, as in ``messages[0].content[1]``.

    Raises:
        ImageError: The picture is missing, broken, too large or from a place that is not allowed.
    """
    try:
        return decode_image(_read(source, policy), policy)
    except ImageError as error:
        raise ImageError(f"{where}: {error}") from error


def decode_image(data: bytes, policy: ImagePolicy) -> Image.Image:
    """Decode the bytes of a picture's file as RGB, upright and on white where it was transparent.

    The result may be given to others, too: it is not to be changed.

    Raises:
        ImageError: The bytes are empty, no picture of a known format, truncated or too large.
    """
    if not data:
        raise ImageError("The picture is empty (0 bytes). Send the bytes of a picture file.")
    _check_num_bytes(len(data), policy)
    key = hashlib.sha256(data).digest()
    image = _remembered.get(key)
    if image is None:
        image = _decode(data, policy)
        _remembered.put(key, image)
    _check_num_pixels(image.size, policy)
    return image


class _RememberedPictures:
    """The pictures decoded last: a search sends the same one with every candidate and verdict."""

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._num_pixels = 0
        self._images: OrderedDict[bytes, Image.Image] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: bytes) -> Image.Image | None:
        with self._lock:
            image = self._images.get(key)
            if image is not None:
                self._images.move_to_end(key)
            return image

    def put(self, key: bytes, image: Image.Image) -> None:
        with self._lock:
            if key in self._images:
                return
            self._images[key] = image
            self._num_pixels += image.width * image.height
            while self._num_pixels > self._max_pixels:
                _, forgotten = self._images.popitem(last=False)
                self._num_pixels -= forgotten.width * forgotten.height


_remembered = _RememberedPictures(_MAX_PIXELS_REMEMBERED)


def _decode(data: bytes, policy: ImagePolicy) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data), formats=IMAGE_FORMATS) as image:
            _check_num_pixels(image.size, policy)
            image.load()
            return _to_rgb(_upright(image))
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


def image_block(picture: str | Path | bytes, *, policy: ImagePolicy | None = None) -> dict[str, Any]:
    """Make a message's image block from a file of one's own or its bytes.

    Args:
        picture: A path, or the bytes of a picture file. Any path may be read: the caller chose it.
        policy: Limits; the default ones if None.

    Returns:
        A LangChain image block that holds the picture in base64.

    Raises:
        ImageError: The picture is missing, broken or too large.
    """
    policy = policy or ImagePolicy()
    data = picture if isinstance(picture, bytes) else _read_file(Path(picture), policy)
    name = "The bytes" if isinstance(picture, bytes) else str(picture)
    try:
        return _block(data, policy)
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from error


def open_image(picture: str | Path | bytes, policy: ImagePolicy) -> Image.Image:
    """Read a picture of one's own as RGB.

    Args:
        picture: A path, a data URL, or the bytes of a picture file. Any path may be read: it is the caller's.
        policy: Limits.

    Raises:
        ImageError: The picture is missing, broken or too large.
    """
    if isinstance(picture, bytes):
        return decode_image(picture, policy)
    if str(picture).startswith("data:"):
        return decode_image(_decode_data_url(str(picture), policy), policy)
    try:
        return decode_image(_read_file(Path(picture), policy), policy)
    except ImageError as error:
        raise ImageError(f"{_shorten(str(picture))}: {error}") from error


def read_image_reference(reference: str, policy: ImagePolicy, where: str) -> dict[str, Any]:
    """Make an image block of what somebody else says a picture is.

    Args:
        reference: The picture in base64, a data URL, an https or file URL, or a path.
        policy: What is allowed.
        where: Names the input in errors.

    Returns:
        A LangChain image block that holds the picture in base64.

    Raises:
        ImageError: The picture is missing, broken, too large or from a place that is not allowed.
    """
    is_base64 = len(reference) >= _MIN_BASE64 and _BASE64.fullmatch(reference) is not None
    source = ImageSource(data=reference) if is_base64 else ImageSource(location=reference)
    try:
        return _block(_read(source, policy), policy)
    except ImageError as error:
        raise ImageError(f"{where}: {error}") from error


def _block(data: bytes, policy: ImagePolicy) -> dict[str, Any]:
    decode_image(data, policy)
    with Image.open(io.BytesIO(data), formats=IMAGE_FORMATS) as image:
        mime_type = image.get_format_mimetype()
    return {"type": "image", "base64": base64.b64encode(data).decode("ascii"), "mime_type": mime_type}


def _read(source: ImageSource, policy: ImagePolicy) -> bytes:
    if isinstance(source.data, bytes):
        return source.data
    if source.data is not None:
        return _decode_base64(source.data, policy)
    location = (source.location or "").strip()
    if not location:
        raise ImageError("The picture is empty. Send its bytes in base64, or a data URL.")
    scheme = location.split(":", 1)[0].lower() if ":" in location[:12] else ""
    if scheme == "data":
        return _decode_data_url(location, policy)
    if scheme in ("http", "https"):
        return _fetch(location, policy)
    if scheme == "file":
        return _read_allowed(urllib.parse.unquote(urllib.parse.urlsplit(location).path), policy)
    if "://" in location:
        raise ImageError(
            f"Pictures at {scheme}:// addresses are not read ({_shorten(location)}). "
            "Send the picture in base64."
        )
    return _read_allowed(location, policy)


def _decode_data_url(url: str, policy: ImagePolicy) -> bytes:
    header, comma, body = url.partition(",")
    if not comma or not header.lower().endswith(";base64"):
        raise ImageError(
            f"The data URL {_shorten(url)} is not in base64. "
            "Write it as data:image/png;base64,<the file in base64>."
        )
    return _decode_base64(urllib.parse.unquote(body), policy)


def _decode_base64(text: str, policy: ImagePolicy) -> bytes:
    # Four characters stand for three bytes: refused before the memory for decoding is spent.
    _check_num_bytes(len(text) * 3 // 4 - 2, policy)
    return decode_base64(text)


def decode_base64(text: str) -> bytes:
    """Decode base64 in either alphabet, line breaks or not: pictures arrive from mail and from URLs.

    Raises:
        ImageError: If it is none.
    """
    compact = "".join(text.split()).translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(compact, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImageError(
            f"The picture's base64 cannot be read ({error}; it begins with {_shorten(text)!r}). "
            "Send base64.b64encode(<the bytes of the file>)."
        ) from error


def _fetch(url: str, policy: ImagePolicy) -> bytes:
    if not policy.allow_urls:
        raise ImageError(
            f"Pictures are not fetched from URLs ({_shorten(url)}). Send the picture in base64, "
            "or allow them: allow_image_urls=True, or LLAVA_O1_IMAGE_URLS=true."
        )
    return download(url, max_bytes=policy.max_bytes, timeout=policy.url_timeout)


def _read_allowed(path: str, policy: ImagePolicy) -> bytes:
    if not policy.allowed_roots:
        raise ImageError(
            f"Paths in messages are not read ({_shorten(path)}). Send the picture in base64, "
            "or allow a folder: allowed_image_roots=[…], or LLAVA_O1_IMAGE_ROOTS."
        )
    try:
        resolved = Path(path).resolve()
        is_allowed = any(resolved.is_relative_to(root.resolve()) for root in policy.allowed_roots)
    except (OSError, ValueError, RuntimeError) as error:
        raise ImageError(f"{_shorten(path)!r} is no usable path ({error}). Check it.") from error
    # Said of every path outside, existing or not, so that messages cannot probe the disk.
    if not is_allowed:
        roots = ", ".join(map(str, policy.allowed_roots))
        raise ImageError(
            f"{_shorten(path)} is outside the allowed folders ({roots}). "
            "Move the picture there, or add its folder to allowed_image_roots."
        )
    return _read_file(resolved, policy)


def _read_file(path: Path, policy: ImagePolicy) -> bytes:
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for a writer that may never come.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _NONBLOCK)) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ImageError(f"{path} is not a regular file. Name a picture file.")
            _check_num_bytes(status.st_size, policy)
            return file.read(policy.max_bytes + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, ImageError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise ImageError(f"{path} cannot be read ({reason}). Check the path.") from error


def _check_num_bytes(num_bytes: int, policy: ImagePolicy) -> None:
    if num_bytes > policy.max_bytes:
        raise ImageError(
            f"The picture has {num_bytes:,} bytes; at most {policy.max_bytes:,} are allowed. "
            "Make it smaller, or raise max_image_bytes."
        )


def _check_num_pixels(size: tuple[int, int], policy: ImagePolicy) -> None:
    width, height = size
    if width * height > policy.max_pixels:
        raise ImageError(
            f"The picture has {width}x{height} = {width * height:,} pixels; at most "
            f"{policy.max_pixels:,} are allowed. Make it smaller, or raise max_image_pixels."
        )


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


def _shorten(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
