"""Examples drawn at random from a stream, the same for the same seed."""

import random
from collections.abc import Iterable

from langchain_llava_o1.data.example import Example


def draw_sample(examples: Iterable[Example], size: int, seed: int) -> list[Example]:
    """Draw examples without putting any back, each as likely as the others, in the order of the stream.

    Args:
        examples: Read once, and not kept (algorithm R, Vitter 1985).
        size: How many; all of them where there are fewer.
        seed: The same one draws the same examples.
    """
    generator = random.Random(seed)
    drawn: list[tuple[int, Example]] = []
    for number, example in enumerate(examples):
        if number < size:
            drawn.append((number, example))
        elif (slot := generator.randrange(number + 1)) < size:
            drawn[slot] = (number, example)
    return [example for _, example in sorted(drawn, key=lambda pair: pair[0])]
