"""What annotating a set will take, before any model is asked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from langchain_llava_o1.data.annotation.agreement import is_decidable
from langchain_llava_o1.data.annotation.question import read_reference
from langchain_llava_o1.data.annotation.recording import TEACHER, VALIDATOR
from langchain_llava_o1.data.annotation.spending import TOKENS_PER_PICTURE, Price, Usage
from langchain_llava_o1.data.example import Example
from langchain_llava_o1.search.catalogue import find_search
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.staging.annotation_prompts import teacher_prompt, validation_prompt
from langchain_llava_o1.staging.stages import STAGES

_CHARACTERS_PER_TOKEN = 4
_TOKENS_OF_AN_ANSWER = 400
"""About the length of the published annotations."""

_TOKENS_OF_A_VERDICT = 10
_PROMPT = teacher_prompt("", "")


@dataclass(frozen=True)
class Estimate:
    """What annotating a set will take, if every first try is right.

    Attributes:
        num_questions: Questions that are still to be annotated.
        used: Calls and tokens, by role.
        cost: What they cost, in the currency of the prices.
    """

    num_questions: int
    used: Mapping[str, Usage]
    cost: float

    @property
    def total(self) -> Usage:
        """Calls and tokens of all models."""
        return sum(self.used.values(), Usage())


def estimate_usage(
    examples: Iterable[Example],
    *,
    strategy: Strategy | None,
    has_validator: bool,
    prices: Mapping[str, Price],
) -> Estimate:
    """Estimate what annotating questions takes.

    Texts count a token for 4 characters, pictures 1,000 tokens each, answers 400. A search of N candidates
    counts as 2 N calls for a stage: N candidates, and as many verdicts.

    Args:
        examples: The questions.
        strategy: The search that answers; None for one call.
        has_validator: Whether a model is asked where no rule can compare.
        prices: What each role's model costs.
    """
    used = {TEACHER: Usage(), VALIDATOR: Usage()}
    num_questions = 0
    num_calls, num_answers = _count_calls(strategy)
    for example in examples:
        num_questions += 1
        question, reference = example.questions[-1], read_reference(example)
        num_characters = sum(len(turn.text) for turn in example.turns[:-1]) + len(_PROMPT) + len(reference)
        read = num_characters // _CHARACTERS_PER_TOKEN + TOKENS_PER_PICTURE * len(example.pictures)
        used[TEACHER] += Usage(num_calls, num_calls * read, num_answers * _TOKENS_OF_AN_ANSWER)
        if has_validator and not is_decidable(reference):
            prompt = validation_prompt(question, reference, reference)
            used[VALIDATOR] += Usage(1, len(prompt) // _CHARACTERS_PER_TOKEN, _TOKENS_OF_A_VERDICT)
    cost = sum(usage.cost(prices.get(role, Price())) for role, usage in used.items())
    return Estimate(num_questions, used, cost)


def _count_calls(strategy: Strategy | None) -> tuple[int, int]:
    """Return how many calls a question takes, and how many whole answers are written in them."""
    if strategy is None or not find_search(strategy.search).has_candidates:
        return 1, 1
    settings: Mapping[str, Any] = strategy.settings
    num_candidates = int(settings.get("candidates") or 4)
    return (1, 1) if num_candidates == 1 else (2 * num_candidates * len(STAGES), 2 * num_candidates)
