"""Drawn scenes of shapes and bar charts, with seeds that no training uses."""

import random

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.canvas import as_png
from langchain_llava_o1.drawn.items import EVALUATION_SEED, ask, make_item
from langchain_llava_o1.drawn.items import Item as DrawnItem
from langchain_llava_o1.evaluation.benchmark import Benchmark, Item


class Scenes(Benchmark):
    """Endless; an item is drawn from its number and the option ``difficulty``."""

    def read_item(self, number: int) -> Item:
        """Draw the item of an evaluation seed."""
        return self._draw(EVALUATION_SEED + number)

    def read_practice_item(self, number: int) -> Item:
        """Draw an item of a training seed."""
        return self._draw(number)

    def read_earlier_questions(self, number: int, count: int) -> list[str]:
        """Draw other questions about the picture of an item."""
        item = self._drawn(EVALUATION_SEED + number)
        rng = random.Random(f"conversation {item.seed}")
        asked = (ask(item.seed, item.difficulty, item.content, item.drawing, rng) for _ in range(count))
        return [each.prompt for each in asked]

    async def grade(self, item: Item, conclusion: str) -> bool:
        """Tell whether a conclusion gives the right answer in the form asked for."""
        return bool(item.reference.is_correct(conclusion))

    def _draw(self, seed: int) -> Item:
        drawn = self._drawn(seed)
        return Item(str(seed), (as_png(drawn.picture),), drawn.prompt, drawn.kind, reference=drawn)

    def _drawn(self, seed: int) -> DrawnItem:
        return make_item(seed, Difficulty(self.options["difficulty"]))
