"""Pictures as files."""

import io
import struct
from collections.abc import Sequence

from PIL import Image
from pillow_heif import from_pillow

RED = (255, 0, 0)
_ENTRY_TYPE_LONG = 4
_HEADER_BYTES = 8


def encode(image: Image.Image, file_format: str = "PNG", **options: object) -> bytes:
    """Write a picture's file."""
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def encode_heic(image: Image.Image, exif: Image.Exif | None = None) -> bytes:
    """Write a picture's file in HEIC."""
    file = from_pillow(image)
    if exif is not None:
        file[0].info["exif"] = exif.tobytes()
    buffer = io.BytesIO()
    file.save(buffer)
    return buffer.getvalue()


def encode_tiff(samples: bytes, width: int, bits: Sequence[int], photometric: int) -> bytes:
    """Write a TIFF of one row, uncompressed, with samples that Pillow would not write."""
    offset = _HEADER_BYTES + len(samples) + len(samples) % 2
    bits_at = offset + 2 + 12 * 9 + 4
    entries = {
        256: (1, width),
        257: (1, 1),
        258: (len(bits), bits[0] if len(bits) == 1 else bits_at),
        259: (1, 1),
        262: (1, photometric),
        273: (1, _HEADER_BYTES),
        277: (1, len(bits)),
        278: (1, 1),
        279: (1, len(samples)),
    }
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", tag, _ENTRY_TYPE_LONG, count, value) for tag, (count, value) in entries.items()
    )
    header = struct.pack("<2sHI", b"II", 42, offset)
    padding = b"\0" * (len(samples) % 2)
    return (
        header + samples + padding + directory + struct.pack("<I", 0) + struct.pack(f"<{len(bits)}I", *bits)
    )


def draw_red(width: int = 6, height: int = 4) -> Image.Image:
    """Draw a red rectangle."""
    return Image.new("RGB", (width, height), RED)


PNG = encode(draw_red())


def encode_pdf(*colours: str | tuple[int, int, int], size: tuple[int, int] = (60, 80)) -> bytes:
    """Write a PDF file with a page of each colour, exactly: pictures with a palette are kept without loss."""
    pages = (Image.new("RGB", size, colour) for colour in colours)
    first, *others = (page.convert("P", palette=Image.Palette.ADAPTIVE) for page in pages)
    return encode(first, "PDF", save_all=True, append_images=others)
