"""What every picture shares: its size, its colours, its noise."""

import random
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

CANVAS = 280
"""Edge of a picture in pixels; the checkpoint's processor halves it."""

COLOURS = {
    "red": (214, 48, 44),
    "blue": (44, 88, 206),
    "green": (48, 158, 70),
    "yellow": (232, 204, 40),
    "purple": (140, 62, 172),
    "orange": (238, 134, 34),
}


@dataclass(frozen=True)
class Drawing:
    """A picture and where its objects are.

    Attributes:
        picture: RGB, ``CANVAS`` × ``CANVAS`` pixels.
        centres: One (x, y) in pixels for each object.
    """

    picture: Image.Image
    centres: tuple[tuple[float, float], ...]


def as_png(picture: Image.Image) -> bytes:
    """Write a picture as a PNG file, fast rather than small."""
    file = BytesIO()
    picture.save(file, format="PNG", compress_level=1)
    return file.getvalue()


def background(rng: random.Random) -> tuple[int, int, int]:
    """Choose a light background colour."""
    level = rng.randint(222, 252)
    return level, level + rng.randint(-5, 3), level + rng.randint(-8, 3)


def add_grain(picture: Image.Image, rng: random.Random, strength: float) -> Image.Image:
    """Add Gaussian noise in grains of two by two pixels.

    Args:
        picture: An RGB picture.
        rng: Where the noise comes from.
        strength: Standard deviation in levels (0-255).
    """
    if strength <= 0:
        return picture
    width, height = picture.size
    noise = np.random.default_rng(rng.getrandbits(64)).standard_normal(
        (height // 2, width // 2, 3), dtype=np.float32
    )
    noise = noise.repeat(2, axis=0).repeat(2, axis=1) * strength
    return Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8))
