"""Captions of what pictures hold, written and read, and the answer that a reasoning comes to."""

import re

from langchain_llava_o1.drawn.canvas import COLOURS
from langchain_llava_o1.drawn.charts import Bar, Chart
from langchain_llava_o1.drawn.questions import Content
from langchain_llava_o1.drawn.scenes import CELLS, SHAPES, SIZES, Scene, Thing
from langchain_llava_o1.drawn.trail_maps import KEYS, THINGS, KeyTrail, TrailMap


def captions(content: Content) -> tuple[str, ...]:
    """Every right caption of a content."""
    if isinstance(content, KeyTrail):
        return tuple(f"{take} the {content.key} key. {content}." for take in ("I take", "Taking", "Choosing"))
    if isinstance(content, TrailMap):
        listed = ", ".join(map(str, content.cards))
        return f"The cards are {listed}.", f"Card by card: {listed}.", f"The map has {listed}."
    if isinstance(content, Scene):
        listed = ", ".join(map(str, content.things))
        return f"The picture shows {listed}.", f"I see {listed}.", f"Row by row: {listed}."
    listed = ", ".join(map(str, content.bars))
    return f"The bars are {listed}.", f"From left to right: {listed}.", f"The chart has {listed}."


_THING = re.compile(
    rf"\b({'|'.join(CELLS)}) ({'|'.join(SIZES)}) ({'|'.join(COLOURS)}) ({'|'.join(SHAPES)})\b"
)
_KEY_TRAIL = re.compile(
    rf"\b({'|'.join(KEYS)}) key\. ((?:(?:{'|'.join(CELLS)}), )*(?:{'|'.join(CELLS)})): ({'|'.join(THINGS)})\b"
)
_BAR = re.compile(rf"\b({'|'.join(COLOURS)}) (\d+)\b")


def find_content(text: str) -> Content | None:
    """Find what a text says is in the picture, whatever stands around it; None where it names nothing."""
    things = tuple(Thing(*match) for match in _THING.findall(text))
    if things:
        return Scene(things)
    if trail := _KEY_TRAIL.search(text):
        return KeyTrail(trail[1], tuple(trail[2].split(", ")), trail[3])
    bars = tuple(Bar(colour, int(number)) for colour, number in _BAR.findall(text))
    return Chart(bars) if bars else None


def is_alike(truth: Content, told: Content | None) -> bool:
    """Tell whether what is told is of the kind that a picture shows: a chart says nothing about a scene."""
    return any(isinstance(truth, kind) and isinstance(told, kind) for kind in (Scene, Chart, KeyTrail))


def answer_in(reasoning: str) -> str:
    """Return what a reasoning comes to: the letter where there are options, nothing where it says none."""
    found = re.search(r"option ([A-D])\.\Z", reasoning) or re.search(r"The answer is ([^.]+)\.\Z", reasoning)
    return found[1] if found else ""


def read_caption(text: str) -> Content | None:
    """Read a well-formed caption of this domain; None for any other text."""
    content = find_content(text)
    return content if content is not None and text.strip() in captions(content) else None
