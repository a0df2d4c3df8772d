"""The formats of pictures that are read, listed once, and how a HEIC file is known."""

from typing import NamedTuple


class PictureFormat(NamedTuple):
    """A format of pictures.

    Attributes:
        name: As people write it.
        decoder: As Pillow calls it; None where Pillow has none of its own.
        endings: Of its files' names, in lower case.
    """

    name: str
    decoder: str | None
    endings: tuple[str, ...]


FORMATS = (
    PictureFormat("PNG", "PNG", (".png", ".apng")),
    PictureFormat("JPEG", "JPEG", (".jpg", ".jpeg", ".jfif")),
    PictureFormat("WebP", "WEBP", (".webp",)),
    PictureFormat("GIF", "GIF", (".gif",)),
    PictureFormat("BMP", "BMP", (".bmp",)),
    PictureFormat("TIFF", "TIFF", (".tif", ".tiff")),
    PictureFormat("AVIF", "AVIF", (".avif",)),
    PictureFormat("HEIC", None, (".heic", ".heif")),
)
"""What is decoded: of an animation its first frame, of several pages the first."""

FORMAT_NAMES = f"{', '.join(known.name for known in FORMATS[:-1])} or {FORMATS[-1].name}"
"""The formats as a sentence names them."""

PILLOW_FORMATS = tuple(known.decoder for known in FORMATS if known.decoder)
"""The formats that Pillow decodes, as it calls them."""

PICTURE_ENDINGS = frozenset(ending for known in FORMATS for ending in known.endings)
"""Endings of the names of picture files."""

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)
_MOST_BRANDS = 64


def is_heif(data: bytes) -> bool:
    """Tell whether a file is HEIC, or another HEIF that is not AVIF, by the brands it begins with."""
    if data[4:8] != b"ftyp":
        return False
    end = min(int.from_bytes(data[:4], "big"), 16 + 4 * _MOST_BRANDS)
    brands = {data[8:12], *(data[start : start + 4] for start in range(16, end, 4))}
    # Both kinds may name the brand of the container, "mif1".
    return bool(brands & _HEIF_BRANDS) and not brands & _AVIF_BRANDS
