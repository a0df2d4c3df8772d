"""A kind of question that `tiny` was not trained on, how many colours a scene has, and kinds that it was."""

import csv
import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.canvas import as_png
from langchain_llava_o1.drawn.captions import captions
from langchain_llava_o1.drawn.items import EVALUATION_SEED, Item, make_item, make_puzzle
from langchain_llava_o1.drawn.scenes import Scene, draw_scene, sample_scene
from langchain_llava_o1.staging.stages import STAGES

_PROMPTS = ("How many colours are there?", "How many colours do the objects have?")


class DrawnQuestion(NamedTuple):
    """A question about a drawn picture.

    Attributes:
        id: What it is called.
        picture: A PNG file.
        prompt: What is asked.
        conclusion: The right answer.
        stages: The right texts of all stages.
    """

    id: str
    picture: bytes
    prompt: str
    conclusion: str
    stages: tuple[str, ...]

    @property
    def answer(self) -> str:
        """All stages in their tags."""
        return "\n\n".join(stage.wrap(text) for stage, text in zip(STAGES, self.stages, strict=True))


def colour_question(seed: int) -> DrawnQuestion:
    """Make the new question of a seed; from ``EVALUATION_SEED`` on they are for evaluation."""
    rng = random.Random(f"colours {seed}")
    scene = sample_scene(rng, Difficulty.EASY)
    picture = draw_scene(scene, rng, Difficulty.EASY).picture
    colours = list(dict.fromkeys(thing.colour for thing in scene.things))
    conclusion = str(len(colours))
    counted = ", ".join(f"{colour} {number}" for number, colour in enumerate(colours, start=1))
    stages = (
        "I have to count the colours. The plan is to list all objects and count each colour once.",
        rng.choice(captions(Scene(scene.things))),
        f"The colours: {counted}. The answer is {conclusion}.",
        conclusion,
    )
    return DrawnQuestion(f"colours-{seed}", as_png(picture), rng.choice(_PROMPTS), conclusion, stages)


def known_question(seed: int) -> DrawnQuestion:
    """Make a question about a scene or a chart that `tiny` knows, so that it goes on knowing it."""
    return _answered("known", make_item(seed, Difficulty.HARD if seed % 2 else Difficulty.EASY))


def puzzle_question(seed: int) -> DrawnQuestion:
    """Make a puzzle, for the same reason."""
    return _answered("puzzle", make_puzzle(seed, Difficulty.HARD if seed % 2 else Difficulty.EASY))


def count_questions(first: int, count: int) -> Iterator[DrawnQuestion]:
    """Make known questions of the kind closest to the new one, forgotten first: how many there are.

    Args:
        first: Seed of the first picture; many in between have other questions.
        count: How many questions.
    """
    items = (make_item(seed, Difficulty.HARD) for seed in itertools.count(first))
    counted = (item for item in items if item.kind == "count")
    return (_answered("count", item) for item in itertools.islice(counted, count))


def _answered(kind: str, item: Item) -> DrawnQuestion:
    rng = random.Random(f"{kind} {item.seed}")
    texts = (item.summaries(), item.captions(), item.reasonings(item.told), item.conclusions(item.told))
    stages = tuple(rng.choice(each) for each in texts)
    return DrawnQuestion(f"{kind}-{item.seed}", as_png(item.picture), item.prompt, stages[-1], stages)


def write_questions(
    folder: Path, num_new: int, num_known: int, num_puzzles: int = 0, num_counts: int = 0
) -> Path:
    """Write a table of questions with their answers and, as hints, the stages that a teacher would write."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "questions.csv"
    made = [
        *(colour_question(seed) for seed in range(num_new)),
        *(known_question(seed) for seed in range(num_known)),
        *(puzzle_question(seed) for seed in range(num_puzzles)),
        *count_questions(num_known, num_counts),
    ]
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "image", "question", "answer", "hint"])
        for question in made:
            (folder / f"{question.id}.png").write_bytes(question.picture)
            row = [question.id, f"{question.id}.png", question.prompt, question.conclusion, question.answer]
            table.writerow(row)
    return path


def evaluation_questions(count: int) -> Iterator[DrawnQuestion]:
    """Make new questions about pictures that no training uses."""
    return (colour_question(EVALUATION_SEED + number) for number in range(count))
