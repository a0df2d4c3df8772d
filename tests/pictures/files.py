"""Pictures as files."""

import io

from PIL import Image

RED = (255, 0, 0)


def encode(image: Image.Image, file_format: str = "PNG", **options: object) -> bytes:
    """Write a picture's file."""
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def draw_red(width: int = 6, height: int = 4) -> Image.Image:
    """Draw a red rectangle."""
    return Image.new("RGB", (width, height), RED)


PNG = encode(draw_red())
