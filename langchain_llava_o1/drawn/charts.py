"""Bar charts: coloured bars on a value axis, drawn with Pillow."""

import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.canvas import CANVAS, COLOURS, Drawing, add_grain, background

LEFT, BOTTOM, RIGHT = 34, 250, 270
"""The plot's edges in pixels."""


@dataclass(frozen=True)
class Bar:
    """One bar: its colour is its name."""

    colour: str
    value: int

    def __str__(self) -> str:
        """Describe the bar as captions do."""
        return f"{self.colour} {self.value}"


@dataclass(frozen=True)
class Chart:
    """Bars from left to right, no colour twice."""

    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class SumChart(Chart):
    """A chart that asks which of its bars add up to a number."""


@dataclass(frozen=True)
class ChartStyle:
    """How difficult a chart is to read.

    Attributes:
        fewest: Bars at least.
        most: Bars at most.
        spread: Largest difference between two bars.
        unit: Height of a value of one, in pixels.
        breadth: Breadth of a bar, from and to, as a share of its slot.
        grain: Strength of the noise, from and to.
        has_grid: Whether lines lead from the axis to the bars.
    """

    fewest: int
    most: int
    spread: int
    unit: float
    breadth: tuple[float, float]
    grain: tuple[float, float]
    has_grid: bool


MOST_VALUE = 20
STYLES = {
    Difficulty.EASY: ChartStyle(2, 4, 19, 11.3, (0.4, 0.6), (0, 6), True),
    Difficulty.HARD: ChartStyle(4, 6, 7, 2.5, (0.1, 0.18), (45, 95), False),
}
SUM_STYLES = {
    Difficulty.EASY: ChartStyle(4, 4, 19, 11.3, (0.4, 0.6), (0, 6), True),
    Difficulty.HARD: ChartStyle(6, 6, 19, 11.3, (0.4, 0.6), (0, 6), True),
}
"""Of charts for sums: as easy to read as can be, with more bars the more there is to choose from."""


def sample_chart(rng: random.Random, difficulty: Difficulty) -> Chart:
    """Draw bars at random, all different in value and, when hard, close together."""
    return Chart(_sample_bars(rng, STYLES[difficulty]))


def sample_sum_chart(rng: random.Random, difficulty: Difficulty) -> SumChart:
    """Draw bars of any values at random, all different."""
    return SumChart(_sample_bars(rng, SUM_STYLES[difficulty]))


def _sample_bars(rng: random.Random, style: ChartStyle) -> tuple[Bar, ...]:
    count = rng.randint(style.fewest, style.most)
    lowest = rng.randint(1, MOST_VALUE - style.spread)
    values = rng.sample(range(lowest, lowest + style.spread + 1), count)
    return tuple(map(Bar, rng.sample(tuple(COLOURS), count), values))


def draw_chart(chart: Chart, rng: random.Random, difficulty: Difficulty) -> Drawing:
    """Draw a chart; the centres are the middles of the bars' tops, from left to right."""
    style = (SUM_STYLES if isinstance(chart, SumChart) else STYLES)[difficulty]
    picture = Image.new("RGB", (CANVAS, CANVAS), background(rng))
    draw = ImageDraw.Draw(picture)
    for value in range(0, MOST_VALUE + 1, 5):
        height = BOTTOM - value * style.unit
        draw.line((LEFT - 5, height, RIGHT if style.has_grid else LEFT, height), fill=(185, 185, 185))
        draw.text((6, height - 6), str(value), fill=(70, 70, 70))
    draw.line((LEFT, BOTTOM - MOST_VALUE * style.unit - 8, LEFT, BOTTOM), fill=(60, 60, 60), width=2)
    draw.line((LEFT, BOTTOM, RIGHT, BOTTOM), fill=(60, 60, 60), width=2)
    centres = []
    slot = (RIGHT - LEFT) / len(chart.bars)
    for index, bar in enumerate(chart.bars):
        middle = LEFT + slot * (index + 0.5) + rng.uniform(-0.08, 0.08) * slot
        reach = min(slot, 60) * rng.uniform(*style.breadth) / 2
        tint = rng.randint(-14, 14)
        red, green, blue = (max(0, min(255, channel + tint)) for channel in COLOURS[bar.colour])
        top = BOTTOM - bar.value * style.unit
        centres.append((middle, top))
        box = (middle - reach, top, middle + reach, BOTTOM - 1)
        draw.rectangle(box, fill=(red, green, blue), outline=(40, 40, 40))
    return Drawing(add_grain(picture, rng, rng.uniform(*style.grain)), tuple(centres))
