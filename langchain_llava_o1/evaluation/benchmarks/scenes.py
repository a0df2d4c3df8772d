"""Drawn scenes of shapes and bar charts, with seeds that no training uses."""

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.canvas import as_png
from langchain_llava_o1.drawn.items import EVALUATION_SEED, make_item
from langchain_llava_o1.evaluation.benchmark import Benchmark, Item


class Scenes(Benchmark):
    """Endless; an item is drawn from its number and the option ``difficulty``."""

    def read_item(self, number: int) -> Item:
        """Draw the item of an evaluation seed."""
        return self._draw(EVALUATION_SEED + number)

    def read_practice_item(self, number: int) -> Item:
        """Draw an item of a training seed."""
        return self._draw(number)

    async def grade(self, item: Item, conclusion: str) -> bool:
        """Tell whether a conclusion gives the right answer in the form asked for."""
        return bool(item.reference.is_correct(conclusion))

    def _draw(self, seed: int) -> Item:
        drawn = make_item(seed, Difficulty(self.options["difficulty"]))
        return Item(str(seed), (as_png(drawn.picture),), drawn.prompt, drawn.kind, reference=drawn)
