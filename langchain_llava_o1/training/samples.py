"""The samples of a data set: checked when training begins, made when they are needed."""

import logging
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from torch.utils.data import Dataset

from langchain_llava_o1.data.checks.check import Viewed
from langchain_llava_o1.data.checks.tags import TagCheck
from langchain_llava_o1.data.example import Example
from langchain_llava_o1.data.placing import count_pictures
from langchain_llava_o1.data.problem import Problem
from langchain_llava_o1.data.training_set import TrainingSet
from langchain_llava_o1.engine.chat_format import ChatFormat
from langchain_llava_o1.errors import DataError, ImageError, MessageError
from langchain_llava_o1.training.dialogue import Sample, write_sample

logger = logging.getLogger(__name__)


def read_usable(
    training_set: TrainingSet,
    report_problem: Callable[[Problem], None] = lambda problem: None,
    *,
    any_answers: bool = False,
) -> list[Example]:
    """Read the examples that can be learned from.

    A line that cannot be read, an answer whose stages are not whole, and a picture without a file cost their
    own example, nothing else. Other problems, such as an id that comes twice, cost none.

    Args:
        training_set: The set; its texts are kept in memory, its pictures are not.
        report_problem: Called with what is wrong with a line, and whether it is left out because of it.
        any_answers: Whether answers can be learned whose stages are not whole.

    Raises:
        DataError: If none can be learned from.
    """
    usable = []
    for line in training_set.read_lines():
        costly: list[Problem] = []
        if line.example is not None:
            costly += training_set.find_missing_pictures(line.example)
            costly += [] if any_answers else _find_broken_stages(line.example)
            if not costly:
                usable.append(line.example)
        for problem in line.problems:
            report_problem(problem)
        for problem in costly:
            report_problem(replace(problem, is_left_out=True))
    if not usable:
        raise DataError(
            f"{training_set.path} has no example to learn from. `llava-o1 data check` says what is wrong."
        )
    return usable


def _find_broken_stages(example: Example) -> Iterator[Problem]:
    for finding in TagCheck().look(Viewed(example, example.pictures)):
        yield example.location.problem(**vars(finding))


class Split(NamedTuple):
    """A set divided in two.

    Attributes:
        training: Examples to learn from.
        held_out: Examples to measure with, which are not learned.
    """

    training: Sequence[Example]
    held_out: Sequence[Example]


def split(
    examples: Sequence[Example],
    num_held_out: int,
    seed: int,
    is_measurable: Callable[[Example], bool] = lambda example: True,
) -> Split:
    """Hold examples back, the same ones for the same seed.

    Args:
        examples: All of them.
        num_held_out: How many are held back.
        seed: Of the draw.
        is_measurable: Tells whether an example can be measured with; one that cannot is not held back.

    Raises:
        DataError: If none would be left to learn from, or too few can be held back.
    """
    if num_held_out >= len(examples):
        raise DataError(
            f"Of {len(examples)} examples {num_held_out} were to be held out, which leaves none to learn "
            "from. Hold out fewer."
        )
    held_out: set[int] = set()
    for index in _draw(len(examples), num_held_out, seed):
        if len(held_out) == num_held_out:
            break
        if is_measurable(examples[index]):
            held_out.add(index)
    if len(held_out) < num_held_out:
        raise DataError(
            f"{num_held_out} examples were to be held out, and only {len(held_out)} can be measured with: "
            "the others are too long or have a broken picture. `llava-o1 data check` says what is wrong."
        )
    return Split(
        [example for index, example in enumerate(examples) if index not in held_out],
        [example for index, example in enumerate(examples) if index in held_out],
    )


def _draw(total: int, count: int, seed: int) -> Iterator[int]:
    """Draw numbers, and after them all others, to stand in for those that do not do."""
    rng = random.Random(f"held out {seed}")
    drawn = rng.sample(range(total), count)
    yield from drawn
    others = sorted(set(range(total)) - set(drawn))
    yield from rng.sample(others, len(others))


class _Question(NamedTuple):
    """A question of an example, from 0, and how many pictures are shown up to it."""

    example: Example
    number: int
    num_pictures: int


_UNUSABLE = (ImageError, MessageError, DataError)


class SampleDataset(Dataset[Sample]):
    """A sample for each question of some examples; pictures are decoded when a sample is asked for.

    Attributes:
        num_pictures: How many pictures each sample has.
    """

    def __init__(
        self,
        training_set: TrainingSet,
        examples: Sequence[Example],
        chat_format: ChatFormat,
        *,
        max_tokens: int,
    ) -> None:
        """Take examples of a set.

        Args:
            training_set: Where their pictures are.
            examples: Usable ones.
            chat_format: The checkpoint's.
            max_tokens: Longer samples are refused.
        """
        self._set = training_set
        self._chat_format = chat_format
        self._max_tokens = max_tokens
        self._questions = [
            _Question(example, number, count)
            for example in examples
            for number, count in enumerate(count_pictures(example))
        ]
        self.num_pictures = [question.num_pictures for question in self._questions]

    def __len__(self) -> int:
        return len(self._questions)

    def __getitem__(self, index: int) -> Sample:
        """Return a sample.

        Raises:
            ImageError: If a picture is broken.
            MessageError: If the checkpoint's template refuses the conversation.
            DataError: If it is too long.
        """
        example, number, _ = self._questions[index]
        sample = write_sample(example, number, self._set.open_pictures(example), self._chat_format)
        if len(sample.token_ids) > self._max_tokens:
            raise DataError(
                f"{example.location}: question {number + 1} has {len(sample.token_ids)} tokens with its "
                f"answer, more than {self._max_tokens}"
            )
        return sample

    def is_whole(self) -> bool:
        """Tell whether every sample can be made."""
        try:
            for index in range(len(self)):
                self[index]
        except _UNUSABLE:
            return False
        return True


class LearnedDataset(SampleDataset):
    """Samples to learn: one that cannot be made is left out, and another one stands in its place."""

    def __init__(self, *what: Any, **options: Any) -> None:
        """Take what ``SampleDataset`` takes."""
        super().__init__(*what, **options)
        self._left_out: set[int] = set()

    def __getitem__(self, index: int) -> Sample:
        """Return a sample; where it is too long or its picture is broken, another one in its place.

        It is one with as many pictures, where there is any.

        Raises:
            DataError: If every sample is too long or has a broken picture.
        """
        for place in self._places_from(index):
            sample = None if place in self._left_out else self._try(place)
            if sample is not None:
                return sample
        raise DataError(
            f"Every sample of {self._set.path} is too long or has a broken picture. "
            "`llava-o1 data check` says what is wrong."
        )

    def _places_from(self, index: int) -> Iterator[int]:
        yield index
        others = [*range(index + 1, len(self)), *range(index)]
        count = self.num_pictures[index]
        yield from sorted(others, key=lambda place: self.num_pictures[place] != count)

    def _try(self, place: int) -> Sample | None:
        try:
            return super().__getitem__(place)
        except _UNUSABLE as error:
            self._left_out.add(place)
            logger.warning("%s; it is left out.", " ".join(str(error).rstrip(".").split()))
            return None
