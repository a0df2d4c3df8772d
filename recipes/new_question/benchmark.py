"""The new kind of question as a benchmark."""

from langchain_llava_o1.drawn.items import EVALUATION_SEED
from langchain_llava_o1.evaluation.benchmark import Benchmark
from langchain_llava_o1.evaluation.item import Grade, Item
from langchain_llava_o1.staging.meaning import normalize
from recipes.new_question.questions import colour_question


class Colours(Benchmark):
    """How many colours a scene has; endless, about pictures that no training uses."""

    def __init__(self) -> None:
        """Take no options."""
        super().__init__("how many colours", {})

    def read_item(self, number: int) -> Item:
        """Draw the question of an evaluation seed."""
        question = colour_question(EVALUATION_SEED + number)
        return Item(
            question.id, (question.picture,), question.prompt, "colours", reference=question.conclusion
        )

    async def grade(self, item: Item, conclusion: str) -> Grade:
        """Give all to the right number and nothing to anything else."""
        return Grade(float(normalize(conclusion) == normalize(item.reference)), read=conclusion)
