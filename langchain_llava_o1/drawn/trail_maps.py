"""Trail maps: cards at the places of a 4 × 4 grid, each naming the card to go on to.

A coloured card begins a trail that leads to a card with a key; the trail of a key leads to a thing. Following
a trail is easy; which one to take can only be told once all of them are followed.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.canvas import CANVAS, COLOURS, Drawing, add_grain, background
from langchain_llava_o1.drawn.scenes import CELLS, SHAPES, cell_centre, draw_outline

THINGS = ("treasure", "tree", "house", "flag")
"""What a trail may end at."""

KEYS = SHAPES
"""What keys are told apart by."""


@dataclass(frozen=True)
class Card:
    """One card of a map.

    Attributes:
        cell: Its place.
        next: The place of the card to go on to, as it is written on the card; empty at the end of a trail.
        colour: Of the card that begins a coloured trail, else empty.
        key: The shape of the key on the card, else empty.
        thing: What is on the card at the end of a trail, else empty.
    """

    cell: str
    next: str = ""
    colour: str = ""
    key: str = ""
    thing: str = ""

    def __str__(self) -> str:
        """Describe the card in the order in which it is read, as "B2 star key C4"."""
        return " ".join(
            filter(
                None, (self.cell, self.colour, f"{self.key} key" if self.key else "", self.thing, self.next)
            )
        )


@dataclass(frozen=True)
class TrailMap:
    """Cards in reading order (row by row, left to right), no colour, key or thing twice."""

    cards: tuple[Card, ...]

    def follow(self, start: Card) -> tuple[Card, ...]:
        """Return the cards from one on up to the next key, or to the end."""
        passed = [start]
        for card in self._after(start):
            passed.append(card)
            if card.key:
                break
        return tuple(passed)

    def with_key(self, key: str) -> Card:
        """Return the card that a key is on."""
        return next(card for card in self.cards if card.key == key)

    def with_colour(self, colour: str) -> Card:
        """Return the card that begins a coloured trail."""
        return next(card for card in self.cards if card.colour == colour)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys on the map."""
        return tuple(card.key for card in self.cards if card.key)

    @property
    def colours(self) -> tuple[str, ...]:
        """The colours of the trails on the map."""
        return tuple(card.colour for card in self.cards if card.colour)

    @property
    def things(self) -> tuple[str, ...]:
        """The things on the map."""
        return tuple(card.thing for card in self.cards if card.thing)

    def _after(self, card: Card) -> Iterator[Card]:
        by_cell = {card.cell: card for card in self.cards}
        while card.next:
            card = by_cell[card.next]
            yield card


@dataclass(frozen=True)
class KeyTrail:
    """What a caption tells of a map: which key to take, and where its trail leads.

    Attributes:
        key: The key.
        cells: The places of the cards, the one of the key first.
        thing: What the last card shows.
    """

    key: str
    cells: tuple[str, ...]
    thing: str

    @classmethod
    def of(cls, trail_map: TrailMap, key: str) -> "KeyTrail":
        """Follow the trail of a key on a map."""
        cards = trail_map.follow(trail_map.with_key(key))
        return cls(key, tuple(card.cell for card in cards), cards[-1].thing)

    def __str__(self) -> str:
        """Write the places and the thing, as "B2, C3, A4: treasure"."""
        return f"{', '.join(self.cells)}: {self.thing}"


@dataclass(frozen=True)
class MapStyle:
    """How much is on a map. Lengths in pixels of the canvas.

    Attributes:
        trails: Coloured trails, and as many keys and things.
        distractors: Cards that no trail comes past.
        jitter: How far a card may be off its place.
        grain: Strength of the noise, from and to.
    """

    trails: int
    distractors: int
    jitter: float
    grain: tuple[float, float]


STYLES = {
    Difficulty.EASY: MapStyle(2, 2, 3, (0, 4)),
    Difficulty.HARD: MapStyle(3, 1, 5, (0, 15)),
}
_BEFORE_KEY = 2
"""Cards of a coloured trail before its key. Trails of other lengths would give away which one to take."""

_AFTER_KEY = 2
"""Cards of a trail after its key, the one with the thing included."""


def sample_map(rng: random.Random, difficulty: Difficulty) -> TrailMap:
    """Lay out trails at random."""
    style = STYLES[difficulty]
    length = _BEFORE_KEY + 1 + _AFTER_KEY
    cells = rng.sample(CELLS, style.trails * length + style.distractors)
    colours, keys, things = (rng.sample(names, style.trails) for names in (tuple(COLOURS), KEYS, THINGS))
    cards = []
    for number in range(style.trails):
        places = cells[number * length : (number + 1) * length]
        for index, (cell, following) in enumerate(zip(places, [*places[1:], ""], strict=True)):
            cards.append(
                Card(
                    cell,
                    following,
                    colour=colours[number] if index == 0 else "",
                    key=keys[number] if index == _BEFORE_KEY else "",
                    thing="" if following else things[number],
                )
            )
    used = cells[: len(cards)]
    cards += [Card(cell, rng.choice(used)) for cell in cells[len(cards) :]]
    return TrailMap(tuple(sorted(cards, key=lambda card: CELLS.index(card.cell))))


_CARD_EDGE = 58
_INK = (40, 40, 40)


def draw_map(trail_map: TrailMap, rng: random.Random, difficulty: Difficulty) -> Drawing:
    """Draw a map; the centres are those of its cards, in their order."""
    style = STYLES[difficulty]
    picture = Image.new("RGB", (CANVAS, CANVAS), background(rng))
    draw = ImageDraw.Draw(picture)
    centres = []
    for card in trail_map.cards:
        x, y = (at + rng.uniform(-style.jitter, style.jitter) for at in cell_centre(card.cell))
        centres.append((x, y))
        half = _CARD_EDGE / 2
        fill = COLOURS[card.colour] if card.colour else (255, 255, 255)
        draw.rectangle((x - half, y - half, x + half, y + half), fill=fill, outline=(120, 120, 120), width=2)
        if card.key:
            draw_outline(draw, card.key, (x, y - 14), 12, fill=(90, 90, 90))
        if card.next:
            font = ImageFont.load_default(24 if card.key else 32)
            place = (x, y + 13) if card.key else (x, y)
            draw.text(place, card.next, fill=_INK, font=font, anchor="mm", stroke_width=1, stroke_fill=_INK)
        if card.thing:
            _draw_thing(draw, card.thing, x, y)
    return Drawing(add_grain(picture, rng, rng.uniform(*style.grain)), tuple(centres))


def _draw_thing(draw: ImageDraw.ImageDraw, thing: str, x: float, y: float) -> None:
    """Draw a thing at the middle of its card."""
    if thing == "treasure":
        draw.rectangle((x - 20, y - 14, x + 20, y + 16), fill=(222, 178, 40), outline=_INK, width=2)
        draw.line((x - 20, y - 2, x + 20, y - 2), fill=_INK, width=3)
        draw.rectangle((x - 4, y - 6, x + 4, y + 4), fill=_INK)
    elif thing == "tree":
        draw.rectangle((x - 4, y + 4, x + 4, y + 22), fill=(120, 78, 40))
        draw.ellipse((x - 18, y - 24, x + 18, y + 8), fill=(48, 140, 62), outline=_INK)
    elif thing == "house":
        draw.rectangle((x - 16, y - 4, x + 16, y + 20), fill=(240, 222, 190), outline=_INK, width=2)
        draw.polygon(((x - 21, y - 4), (x, y - 24), (x + 21, y - 4)), fill=(196, 60, 48), outline=_INK)
    else:
        draw.line((x - 14, y - 24, x - 14, y + 22), fill=_INK, width=4)
        draw.polygon(((x - 12, y - 24), (x + 20, y - 13), (x - 12, y - 2)), fill=(44, 88, 206))
