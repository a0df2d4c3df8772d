"""The shipped pictures: ``python -m recipes.tiny.demo_picture`` draws them anew."""

import itertools
import random

from PIL import Image

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.scenes import Scene, Thing, draw_scene
from langchain_llava_o1.drawn.trail_maps import TrailMap, draw_map, sample_map
from langchain_llava_o1.tiny import demo_picture_path, puzzle_picture_path

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
    return draw_scene(DEMO_SCENE, random.Random(10), Difficulty.EASY).picture


def puzzle_map() -> TrailMap:
    """Return the shipped puzzle, which has a treasure."""
    maps = (sample_map(random.Random(f"shipped {number}"), Difficulty.HARD) for number in itertools.count())
    return next(found for found in maps if "treasure" in found.things)


def puzzle_answer() -> str:
    """Return the colour that leads to the treasure of the shipped puzzle."""
    found = puzzle_map()
    ways = {colour: found.follow(found.follow(found.with_colour(colour))[-1]) for colour in found.colours}
    return next(colour for colour, cards in ways.items() if cards[-1].thing == "treasure")


def draw_puzzle() -> Image.Image:
    """Draw the shipped puzzle."""
    return draw_map(puzzle_map(), random.Random(7), Difficulty.EASY).picture


if __name__ == "__main__":
    for picture, path in ((draw_demo(), demo_picture_path()), (draw_puzzle(), puzzle_picture_path())):
        path.parent.mkdir(exist_ok=True)
        picture.save(path)
