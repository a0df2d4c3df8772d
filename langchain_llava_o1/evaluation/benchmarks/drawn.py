"""Drawn pictures, with seeds that no training uses: scenes and bar charts, and puzzles."""

import random
from abc import abstractmethod
from collections.abc import Sequence

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.canvas import as_png
from langchain_llava_o1.drawn.items import EVALUATION_SEED, ask, make_item, make_puzzle
from langchain_llava_o1.drawn.items import Item as DrawnItem
from langchain_llava_o1.evaluation.benchmark import Benchmark
from langchain_llava_o1.evaluation.item import Grade, Item
from langchain_llava_o1.staging.parts.answer import WHOLE_ANSWER
from langchain_llava_o1.staging.stages import STAGES
from langchain_llava_o1.staging.transcript import parse_transcript


class DrawnBenchmark(Benchmark):
    """Endless; an item is drawn from its number and the option ``difficulty``."""

    def read_item(self, number: int) -> Item:
        """Draw the item of an evaluation seed."""
        return self._draw(EVALUATION_SEED + number)

    def read_practice_item(self, number: int) -> Item:
        """Draw an item of a training seed."""
        return self._draw(number)

    def read_earlier_questions(self, number: int, count: int) -> list[str]:
        """Draw other questions about the picture of an item."""
        item = self._make(EVALUATION_SEED + number, self._difficulty)
        rng = random.Random(f"conversation {item.seed}")
        asked = (ask(item.seed, item.difficulty, item.content, item.drawing, rng) for _ in range(count))
        return [each.prompt for each in asked]

    async def grade(self, item: Item, conclusion: str) -> Grade:
        """Give all to a conclusion with the right answer in the form asked for, and nothing to others."""
        return Grade(float(item.reference.is_correct(conclusion)), read=conclusion)

    async def grade_part(self, item: Item, part: str, accepted: Sequence[str], text: str) -> bool | None:
        """Tell whether a part is right; a stage only where those before it leave that open.

        A wrong way may come to the right conclusion by luck: a whole answer is right where its caption and
        its reasoning are, too. One whose caption is in words of its own is told by its conclusion.
        """
        drawn: DrawnItem = item.reference
        if part != WHOLE_ANSWER.name:
            rights = drawn.right_texts(part, accepted)
            return text in rights if rights else None
        has_right_end = await super().grade_part(item, part, accepted, text)
        stages = [stage.body.strip() for stage in parse_transcript(text).stages]
        if not has_right_end or len(stages) != len(STAGES) or drawn.read_caption(stages[1]) is None:
            return has_right_end
        is_right = (
            stages[place] in drawn.right_texts(STAGES[place].name, stages[:place]) for place in (1, 2)
        )
        return all(is_right)

    def _draw(self, seed: int) -> Item:
        drawn = self._make(seed, self._difficulty)
        picture, skill = as_png(drawn.picture), drawn.question.skill
        return Item(
            str(seed),
            (picture,),
            drawn.prompt,
            drawn.kind,
            reference=drawn,
            skill=skill,
            choices=drawn.guesses(),
            sources=(f"drawn with seed {seed}",),
        )

    @property
    def _difficulty(self) -> Difficulty:
        return Difficulty(self.options["difficulty"])

    @abstractmethod
    def _make(self, seed: int, difficulty: Difficulty) -> DrawnItem:
        """Make the item of a seed."""


class Scenes(DrawnBenchmark):
    """Scenes of shapes and bar charts: what is asked is seen, or follows in a few steps."""

    def _make(self, seed: int, difficulty: Difficulty) -> DrawnItem:
        return make_item(seed, difficulty)


class Puzzles(DrawnBenchmark):
    """Trail maps and sums of bars: easy to see, hard to solve, easy to check."""

    def _make(self, seed: int, difficulty: Difficulty) -> DrawnItem:
        return make_puzzle(seed, difficulty)
