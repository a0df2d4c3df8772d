"""Items to judge candidates about, and what is right about them."""

from dataclasses import replace

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.items import Item, make_item, make_puzzle
from langchain_llava_o1.drawn.scenes import Scene, Thing

STAGE_NAMES = ("summary", "caption", "reasoning", "conclusion")


def right_text(item: Item, stage_name: str) -> str:
    return {
        "summary": item.summaries()[0],
        "caption": item.captions()[0],
        "reasoning": item.reasonings(item.told)[0],
        "conclusion": item.conclusions(item.told)[0],
    }[stage_name]


def right_texts_before(item: Item, stage_name: str) -> list[str]:
    return [right_text(item, name) for name in STAGE_NAMES[: STAGE_NAMES.index(stage_name)]]


def puzzle(kind: type) -> Item:
    """Return a hard puzzle without options about a map or a chart."""
    items = (make_puzzle(seed, Difficulty.HARD) for seed in range(100))
    return next(item for item in items if isinstance(item.content, kind) and not item.options)


def scene_item(difficulty: Difficulty = Difficulty.HARD) -> Item:
    items = (make_item(seed, difficulty) for seed in range(100))
    return next(item for item in items if isinstance(item.content, Scene) and len(item.content.things) > 3)


def without_cell(thing: Thing) -> str:
    return f"{thing.size} {thing.colour} {thing.shape}"


def recoloured(scene: Scene, index: int) -> Scene:
    """Give one object of a scene another colour."""
    things = list(scene.things)
    things[index] = replace(things[index], colour="red" if things[index].colour != "red" else "blue")
    return Scene(tuple(things))
