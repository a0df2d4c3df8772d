"""What is measured: questions answered by stage-level beam search, every text of it given beforehand.

The texts do not depend on what a model writes, so that every way of running the search reads and generates
the same numbers of tokens.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image

from langchain_llava_o1.engine.request import Turn
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.prompts import comparison_prompt
from langchain_llava_o1.staging.stages import STAGES, Stage

STAGE_TOKENS = {"summary": 30, "caption": 60, "reasoning": 80, "conclusion": 12}
TOKENS_OF_OTHER_STAGES = 60
VERDICT_TOKENS = 30
PICTURE_SIZE = (640, 480)
_WORDS = ("red", "blue", "green", "circle", "square", "star", "small", "large", "no", "so", "one", "two")


@dataclass(frozen=True)
class Match:
    """A comparison of two candidates.

    Attributes:
        prompt: What a verdict with its reason is generated from.
        choice_prompts: What the choice alone is scored after, with the candidates in either order.
    """

    prompt: tuple[Turn, ...]
    choice_prompts: tuple[tuple[Turn, ...], tuple[Turn, ...]]


@dataclass(frozen=True)
class StageWork:
    """What one stage of a question takes.

    Attributes:
        prompt: What every candidate is sampled from.
        num_tokens: Length of each candidate.
        rounds: The matches of each round of the tournament.
    """

    prompt: tuple[Turn, ...]
    num_tokens: int
    rounds: tuple[tuple[Match, ...], ...]


@dataclass(frozen=True)
class QuestionWork:
    """A question about a picture of its own, stage by stage."""

    stages: tuple[StageWork, ...]


def make_work(
    num_questions: int, num_candidates: int, count_tokens: Callable[[str], int]
) -> list[QuestionWork]:
    """Make questions, the same ones for the same numbers."""
    return [_make_question(number, num_candidates, count_tokens) for number in range(num_questions)]


def _make_question(seed: int, num_candidates: int, count_tokens: Callable[[str], int]) -> QuestionWork:
    rng = random.Random(seed)
    # Large flat patches, as photographs have; the size is what matters.
    image = Image.frombytes("RGB", (16, 12), rng.randbytes(16 * 12 * 3)).resize(PICTURE_SIZE)
    picture = Picture.of_image(image)
    question = Turn("user", (picture, f"Subtract all small red circles. How many are left? ({seed})"))
    accepted: list[str] = []
    stages = []
    for stage in STAGES:
        num_tokens = STAGE_TOKENS.get(stage.name, TOKENS_OF_OTHER_STAGES)
        begun = (Turn("assistant", ("\n\n".join(accepted),)),) if accepted else ()
        candidates = [_write(rng, num_tokens, count_tokens) for _ in range(num_candidates)]
        rounds = tuple(_rounds(stage, (question, *begun), candidates))
        stages.append(StageWork((question, *begun), num_tokens, rounds))
        accepted.append(stage.wrap(candidates[0]))
    return QuestionWork(tuple(stages))


def _rounds(stage: Stage, begun: tuple[Turn, ...], candidates: list[str]) -> Iterator[tuple[Match, ...]]:
    """Knock out the later of each two until the first is left."""

    def ask(first: str, second: str, *, with_reason: bool) -> tuple[Turn, ...]:
        text = comparison_prompt(StagePart(stage), first, second, with_reason=with_reason)
        return (*begun, Turn("user", (text,)))

    while len(candidates) > 1:
        pairs = list(zip(candidates[::2], candidates[1::2], strict=False))
        yield tuple(
            Match(
                prompt=ask(first, second, with_reason=True),
                choice_prompts=(
                    ask(first, second, with_reason=False),
                    ask(second, first, with_reason=False),
                ),
            )
            for first, second in pairs
        )
        candidates = candidates[::2]


def _write(rng: random.Random, num_tokens: int, count_tokens: Callable[[str], int]) -> str:
    words = [rng.choice(_WORDS)]
    while count_tokens(" ".join(words)) < num_tokens:
        words.append(rng.choice(_WORDS))
    return " ".join(words)
