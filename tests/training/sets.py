"""Small data sets to train on."""

import random
from collections.abc import Sequence
from pathlib import Path

from langchain_llava_o1 import TrainingSetWriter
from langchain_llava_o1.data.example import Example, Turn
from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.canvas import as_png
from langchain_llava_o1.drawn.items import Item, make_item
from langchain_llava_o1.staging.stages import STAGES


def staged(*texts: str) -> str:
    """Write the texts of the stages as an answer."""
    return "\n\n".join(stage.wrap(text) for stage, text in zip(STAGES, texts, strict=True))


def drawn_answer(item: Item, rng: random.Random) -> str:
    """Write a right answer to a drawn item."""
    return staged(
        rng.choice(item.summaries()),
        rng.choice(item.captions()),
        rng.choice(item.reasonings(item.told)),
        rng.choice(item.conclusions(item.told)),
    )


def write_drawn_set(folder: Path, count: int) -> Path:
    """Write a set of drawn pictures, a question and a right answer each."""
    rng = random.Random(0)
    path = folder / "drawn.jsonl"
    with TrainingSetWriter(path) as writer:
        for seed in range(count):
            item = make_item(seed, Difficulty.EASY)
            turns = (Turn("human", f"<image>\n{item.prompt}"), Turn("gpt", drawn_answer(item, rng)))
            writer.append(Example(str(seed), ("item.png",), turns), [as_png(item.picture)])
    return path


def conversation(*turns: tuple[str, str], pictures: Sequence[str] = ()) -> Example:
    """Make an example of questions and answers."""
    said = [
        Turn(speaker, text) for pair in turns for speaker, text in zip(("human", "gpt"), pair, strict=True)
    ]
    return Example("1", tuple(pictures), tuple(said))
