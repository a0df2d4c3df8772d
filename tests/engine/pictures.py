"""Pictures to ask about."""

import random

from PIL import Image

from langchain_llava_o1.pictures.picture import Picture


def draw_noise(seed: int, size: tuple[int, int] = (40, 30)) -> Picture:
    """Draw a picture that no other seed gives."""
    stream = random.Random(seed)
    return Picture.of_image(Image.frombytes("RGB", size, stream.randbytes(3 * size[0] * size[1])))
