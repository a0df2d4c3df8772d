"""The shipped picture: ``python -m recipes.tiny.demo_picture`` draws it anew."""

import random

from PIL import Image

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.scenes import Scene, Thing, draw_scene
from langchain_llava_o1.tiny import demo_picture_path

DEMO_SCENE = Scene(
    (
        Thing("A1", "large", "blue", "square"),
        Thing("A3", "small", "red", "circle"),
        Thing("B2", "large", "green", "star"),
        Thing("B4", "small", "red", "circle"),
        Thing("C1", "small", "yellow", "triangle"),
        Thing("C3", "large", "purple", "diamond"),
        Thing("D2", "small", "red", "square"),
        Thing("D4", "large", "red", "circle"),
    )
)
DEMO_ANSWER = "6"
"""What is left of the scene without its small red circles."""


def draw_demo() -> Image.Image:
    """Draw the shipped picture."""
    return draw_scene(DEMO_SCENE, random.Random(7), Difficulty.EASY).picture


if __name__ == "__main__":
    demo_picture_path().parent.mkdir(exist_ok=True)
    draw_demo().save(demo_picture_path())
