"""Shape scenes: objects at the places of a 4 × 4 map grid, drawn with Pillow.

Rows are A to D from the top, columns 1 to 4 from the left, so every object has an address.
"""

import math
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.canvas import CANVAS, COLOURS, Drawing, add_grain, background

SHAPES = ("circle", "square", "triangle", "star", "diamond")
SIZES = ("small", "large")
ROWS = "ABCD"
COLUMNS = "1234"
CELLS = tuple(row + column for row in ROWS for column in COLUMNS)
CELL_EDGE = CANVAS // len(ROWS)


@dataclass(frozen=True)
class Thing:
    """One object of a scene."""

    cell: str
    size: str
    colour: str
    shape: str

    def __str__(self) -> str:
        """Describe the object as captions do."""
        return f"{self.cell} {self.size} {self.colour} {self.shape}"


@dataclass(frozen=True)
class Scene:
    """Objects in reading order (row by row, left to right)."""

    things: tuple[Thing, ...]


@dataclass(frozen=True)
class SceneStyle:
    """How difficult a scene is to see. Lengths in pixels of the canvas."""

    fewest: int
    most: int
    radii: dict[str, float]
    radius_spread: float
    jitter: float
    grain: tuple[float, float]


STYLES = {
    Difficulty.EASY: SceneStyle(2, 5, {"small": 14, "large": 27}, 1.5, 5, (0, 6)),
    Difficulty.HARD: SceneStyle(5, 10, {"small": 11, "large": 16}, 2.5, 17, (60, 100)),
}


def sample_scene(rng: random.Random, difficulty: Difficulty) -> Scene:
    """Draw the objects of a scene at random.

    Attributes repeat on purpose: half of the objects copy some attributes of another one, so
    that counts above one and near misses are common.
    """
    style = STYLES[difficulty]
    cells = sorted(rng.sample(CELLS, rng.randint(style.fewest, style.most)))
    things: list[Thing] = []
    for cell in cells:
        model = rng.choice(things) if things and rng.random() < 0.5 else None
        copied = rng.sample(("size", "colour", "shape"), rng.randint(1, 3)) if model else []
        values = {
            name: getattr(model, name) if name in copied else rng.choice(choices)
            for name, choices in (("size", SIZES), ("colour", tuple(COLOURS)), ("shape", SHAPES))
        }
        things.append(Thing(cell, values["size"], values["colour"], values["shape"]))
    return Scene(tuple(things))


def draw_scene(scene: Scene, rng: random.Random, difficulty: Difficulty) -> Drawing:
    """Draw a scene; the centres are those of its things, in their order."""
    style = STYLES[difficulty]
    picture = Image.new("RGB", (CANVAS, CANVAS), background(rng))
    draw = ImageDraw.Draw(picture)
    centres = [
        (x + rng.uniform(-style.jitter, style.jitter), y + rng.uniform(-style.jitter, style.jitter))
        for x, y in (cell_centre(thing.cell) for thing in scene.things)
    ]
    order = list(zip(scene.things, centres, strict=True))
    rng.shuffle(order)
    # Large objects first: what overlaps must not hide a small object entirely.
    for thing, centre in sorted(order, key=lambda placed: placed[0].size == "small"):
        radius = style.radii[thing.size] + rng.uniform(-style.radius_spread, style.radius_spread)
        draw_shape(draw, thing, centre, radius, turn=rng.uniform(-0.2, 0.2), tint=rng.randint(-14, 14))
    return Drawing(add_grain(picture, rng, rng.uniform(*style.grain)), tuple(centres))


def cell_centre(cell: str) -> tuple[float, float]:
    """Return the pixel at the middle of a cell, as (x, y)."""
    return (COLUMNS.index(cell[1]) + 0.5) * CELL_EDGE, (ROWS.index(cell[0]) + 0.5) * CELL_EDGE


_CORNERS: dict[str, tuple[tuple[float, float], ...]] = {
    "square": tuple(
        (0.9 * math.cos(a), 0.9 * math.sin(a)) for a in (math.pi * (k / 2 + 0.25) for k in range(4))
    ),
    "triangle": tuple((math.cos(a), math.sin(a)) for a in (math.pi * (2 * k / 3 - 0.5) for k in range(3))),
    "diamond": ((0.0, -1.1), (0.62, 0.0), (0.0, 1.1), (-0.62, 0.0)),
    "star": tuple(
        ((1.1 if k % 2 == 0 else 0.42) * math.cos(a), (1.1 if k % 2 == 0 else 0.42) * math.sin(a))
        for k, a in ((k, math.pi * (k / 5 - 0.5)) for k in range(10))
    ),
}


def draw_shape(
    draw: ImageDraw.ImageDraw,
    thing: Thing,
    centre: tuple[float, float],
    radius: float,
    *,
    turn: float = 0.0,
    tint: int = 0,
) -> None:
    """Draw one object.

    Args:
        draw: The picture to draw on.
        thing: Its shape and colour are drawn.
        centre: Its middle (x, y) in pixels.
        radius: Half of its extent in pixels.
        turn: Rotation in radians.
        tint: Added to each colour channel (0-255).
    """
    red, green, blue = (max(0, min(255, channel + tint)) for channel in COLOURS[thing.colour])
    draw_outline(draw, thing.shape, centre, radius, fill=(red, green, blue), turn=turn)


def draw_outline(
    draw: ImageDraw.ImageDraw,
    shape: str,
    centre: tuple[float, float],
    radius: float,
    *,
    fill: tuple[int, int, int],
    turn: float = 0.0,
) -> None:
    """Draw a shape in a colour; lengths in pixels, its turn in radians."""
    x, y = centre
    if shape == "circle":
        reach = radius * 0.92
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=fill, outline=(40, 40, 40))
        return
    cosine, sine = math.cos(turn), math.sin(turn)
    corners = [
        (x + radius * (dx * cosine - dy * sine), y + radius * (dx * sine + dy * cosine))
        for dx, dy in _CORNERS[shape]
    ]
    draw.polygon(corners, fill=fill, outline=(40, 40, 40))
