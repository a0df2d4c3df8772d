"""Base64 and data URLs, read and written here alone."""

import base64
import binascii
import re
import urllib.parse

from langchain_llava_o1.errors import ImageError
from langchain_llava_o1.pictures.advice import ENCODE_THE_FILE, WRITE_A_DATA_URL

# Base64 has no dot, and paths of pictures have one; the smallest picture file is longer than this.
_BASE64 = re.compile(r"[A-Za-z0-9+/=_\s-]+")
_MIN_BASE64 = 80
_MIN_SHORT_BASE64 = 24
# What files in PNG, JPEG, GIF and WebP begin with, in base64; so begins, too, what is cut off later on.
_PICTURE_BEGINNINGS = ("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR")
_DATA_URL_ENCODING = ";base64"


def encode_base64(data: bytes) -> str:
    """Write bytes in base64."""
    return base64.b64encode(data).decode("ascii")


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
            f"The picture's base64 cannot be read ({error}; it begins with {shorten(text)!r}). "
            f"{ENCODE_THE_FILE}"
        ) from error


def estimate_num_bytes(text: str) -> int:
    """Return how many bytes a base64 text stands for at least, without decoding it."""
    # Four characters stand for three bytes, of which up to two are padding.
    return len(text) * 3 // 4 - 2


def is_base64(reference: str) -> bool:
    """Tell whether a text that names a picture is meant as its base64, rather than as a path or URL."""
    if reference.startswith(_PICTURE_BEGINNINGS):
        return True
    if _BASE64.fullmatch(reference) is None:
        return False
    if len(reference) >= _MIN_BASE64:
        return True
    # Too short for a picture, and perhaps the name of a file: only where it is base64 to the letter.
    if len(reference) < _MIN_SHORT_BASE64 and not reference.endswith("="):
        return False
    try:
        return bool(decode_base64(reference))
    except ImageError:
        return False


def is_data_url(location: str) -> bool:
    """Tell whether a text is a data URL in base64."""
    header, comma, _ = location.partition(",")
    return bool(comma) and header.startswith("data:") and header.lower().endswith(_DATA_URL_ENCODING)


def write_data_url(mime_type: str, data: bytes) -> str:
    """Write a file as a data URL."""
    return f"data:{mime_type}{_DATA_URL_ENCODING},{encode_base64(data)}"


def split_data_url(url: str) -> tuple[str, str]:
    """Split a data URL into its MIME type, empty where it states none, and its base64.

    Raises:
        ImageError: If it is no data URL in base64.
    """
    header, comma, body = url.partition(",")
    if not comma or not header.lower().endswith(_DATA_URL_ENCODING):
        raise ImageError(f"The data URL {shorten(url)} is not in base64. {WRITE_A_DATA_URL}")
    return header[len("data:") : -len(_DATA_URL_ENCODING)], urllib.parse.unquote(body)


def shorten(text: str, limit: int = 60) -> str:
    """Return the beginning of a text, for an error that quotes it."""
    return text if len(text) <= limit else f"{text[:limit]}…"
