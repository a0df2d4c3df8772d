"""Pictures to ask about."""

import io
import random

from PIL import Image


def draw_noise(seed: int, size: tuple[int, int] = (40, 30)) -> Image.Image:
    """Draw a picture that no other seed gives."""
    stream = random.Random(seed)
    return Image.frombytes("RGB", size, stream.randbytes(3 * size[0] * size[1]))


def draw_broken() -> Image.Image:
    """Open a picture whose file is cut off in the middle."""
    file = io.BytesIO()
    draw_noise(1).save(file, "PNG")
    return Image.open(io.BytesIO(file.getvalue()[:200]))
