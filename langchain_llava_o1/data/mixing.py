"""A new set mixed from others by shares, with a card that says what is in it."""

import random
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import NamedTuple

from langchain_llava_o1.data.card import MixedSource, write_card
from langchain_llava_o1.data.example import Example
from langchain_llava_o1.data.problem import Problem
from langchain_llava_o1.data.training_set import TrainingSet
from langchain_llava_o1.data.writer import TrainingSetWriter
from langchain_llava_o1.errors import ConfigurationError, DataError, ImageError

_FILE = "train.jsonl"
_CARD = "README.md"
_USUAL_NAMES = ("train", "data")
"""Of the files of many sets: their folders tell them apart."""


@dataclass(frozen=True)
class MixPart:
    """A set that is mixed in.

    Attributes:
        training_set: The set.
        share: Its part of the mix; shares are taken relative to their sum.
    """

    training_set: TrainingSet
    share: float


@dataclass(frozen=True)
class Mix:
    """A set that was mixed.

    Attributes:
        path: Its file.
        card: Its card.
        sources: What it is made of.
        problems: Examples that were drawn and are left out, because a picture cannot be copied.
    """

    path: Path
    card: Path
    sources: Sequence[MixedSource]
    problems: Sequence[Problem]

    @property
    def num_examples(self) -> int:
        """How many examples it has."""
        return sum(source.num_taken for source in self.sources)


def mix_sets(
    parts: Sequence[MixPart],
    folder: str | Path,
    *,
    size: int,
    seed: int = 0,
    copy_pictures: bool = True,
    command: str = "",
    report_line: Callable[[int], None] = lambda number: None,
    report_problem: Callable[[Problem], None] = lambda problem: None,
) -> Mix:
    """Draw examples from sets and write them, in random order, as a new set with its card.

    Examples keep their order within a source. Their ids begin with the name of their source. No example is
    drawn twice; those whose pictures are missing are not drawn, and those whose pictures turn out to be
    broken while they are copied are left out.

    Args:
        parts: The sets and their shares.
        folder: Where to write to; it must be empty or not there.
        size: How many examples to draw.
        seed: The same one gives the same mix.
        copy_pictures: Whether pictures are copied into the folder. Otherwise paths stay as they are, and the
            mix is opened with the pictures of its sources, which must then be at the same place.
        command: How it was made, for the card.
        report_line: Called with the number of examples that were written.
        report_problem: Called with what is wrong with a line of a set, and whether it is not drawn because of
            it, before anything is written.

    Raises:
        ConfigurationError: If the folder is not empty, the shares are not positive, a set has too few
            examples, or pictures that are not copied are at different places.
    """
    folder = Path(folder)
    _check(parts, folder, size, copy_pictures=copy_pictures)
    planned = _plan(parts, size, report_problem)
    mixing = _Mixing(parts, planned, seed, copy_pictures)
    with TrainingSetWriter(folder / _FILE) as writer:
        for number in mixing.write(writer):
            report_line(number)
    taken = [
        replace(source, num_taken=source.num_taken - mixing.num_left_out[position])
        for position, source in enumerate(planned)
    ]
    place = "the folder of the file" if copy_pictures else str(parts[0].training_set.pictures)
    card = folder / _CARD
    card.write_text(
        write_card(taken, _FILE, seed=seed, picture_place=place, command=command), encoding="utf-8"
    )
    return Mix(folder / _FILE, card, taken, mixing.problems)


class _Mixing:
    """Examples on their way into a mix, and those that are left out of it."""

    def __init__(
        self, parts: Sequence[MixPart], planned: Sequence[MixedSource], seed: int, copy_pictures: bool
    ) -> None:
        self.problems: list[Problem] = []
        self.num_left_out: Counter[int] = Counter()
        self._sets = [part.training_set for part in parts]
        self._names = [source.name for source in planned]
        self._copy_pictures = copy_pictures
        self._order = _interleave([source.num_taken for source in planned], seed)
        self._streams = [
            _draw(training_set, source, f"{seed} {source.name}")
            for training_set, source in zip(self._sets, planned, strict=True)
        ]

    def write(self, writer: TrainingSetWriter) -> Iterator[int]:
        """Write all examples; return after each the number of those that were drawn."""
        for number, position in enumerate(self._order, start=1):
            drawn = next(self._streams[position])
            try:
                self._write(drawn, position, writer)
            except (ImageError, DataError) as error:
                self.problems.append(_left_out(drawn, error))
                self.num_left_out[position] += 1
            yield number

    def _write(self, drawn: Example, position: int, writer: TrainingSetWriter) -> None:
        pictures = self._sets[position].pictures
        files = [pictures.read(reference) for reference in drawn.pictures] if self._copy_pictures else None
        id = _find_free(f"{self._names[position]}/{drawn.id}", writer)
        writer.append(replace(drawn, id=id), files)


def _plan(
    parts: Sequence[MixPart], size: int, report_problem: Callable[[Problem], None]
) -> list[MixedSource]:
    """Return how many examples are to be taken from each set.

    Raises:
        ConfigurationError: If a set has too few.
    """
    counts = [_count_lines(part.training_set, report_problem) for part in parts]
    planned = [
        MixedSource(name, str(part.training_set.path), part.share, found.num_usable, num_taken)
        for name, part, found, num_taken in zip(
            _name_sources(parts), parts, counts, split_size(parts, size), strict=True
        )
    ]
    lacking = [
        f"{source.file} has {source.num_usable:,} examples that can be used{found.describe_others()}, and "
        f"its share of {size:,} is {source.num_taken:,}"
        for source, found in zip(planned, counts, strict=True)
        if source.num_taken > source.num_usable
    ]
    if lacking:
        raise ConfigurationError(f"{'; '.join(lacking)}. Ask for a smaller size or share.")
    return planned


def split_size(parts: Sequence[MixPart], size: int) -> list[int]:
    """Split a number of examples by the shares, so that the sum is right (largest remainders)."""
    total = sum(part.share for part in parts)
    exact = [size * part.share / total for part in parts]
    counts = [int(number) for number in exact]
    by_remainder = sorted(range(len(parts)), key=lambda position: counts[position] - exact[position])
    for position in by_remainder[: size - sum(counts)]:
        counts[position] += 1
    return counts


def _check(parts: Sequence[MixPart], folder: Path, size: int, *, copy_pictures: bool) -> None:
    if not parts or any(not part.share > 0 for part in parts) or size < 1:
        shares = ", ".join(str(part.share) for part in parts) or "none"
        raise ConfigurationError(f"Shares and size are positive numbers; got {shares}, and {size}.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(f"{folder} is not empty. Name a new folder, so that nothing is mixed up.")
    places = dict.fromkeys(str(part.training_set.pictures) for part in parts)
    if not copy_pictures and len(places) > 1:
        raise ConfigurationError(
            f"Pictures that are not copied must be at one place; these are in {' and '.join(places)}. "
            "Copy them, or name the place that all of them are below."
        )


def _name_sources(parts: Sequence[MixPart]) -> list[str]:
    """Name each set by its file, or by the folder of a file that is called as many are."""
    names: list[str] = []
    for part in parts:
        path = part.training_set.path
        name = path.resolve().parent.name if path.stem in _USUAL_NAMES else path.stem
        names.append(_find_free(name, names))
    return names


def _find_free(name: str, taken: Container[str]) -> str:
    """Return a name, with a number at its end if it is taken."""
    numbered = (f"{name}-{number}" for number in count(2))
    return next(free for free in chain([name], numbered) if free not in taken)


def _usable(training_set: TrainingSet) -> Iterator[Example]:
    """Return the examples whose pictures are all there."""
    return (example for example in training_set if not training_set.find_missing_pictures(example))


class _LineCount(NamedTuple):
    """How many lines of a set can be drawn, and why the others cannot."""

    num_usable: int
    num_broken: int
    num_without_pictures: int

    def describe_others(self) -> str:
        """Say how many lines cannot be drawn; nothing where there are none."""
        lacking = {"an example": self.num_broken, "its pictures": self.num_without_pictures}
        told = ", ".join(f"{number:,} without {what}" for what, number in lacking.items() if number)
        return f" (its other lines: {told})" if told else ""


def _count_lines(training_set: TrainingSet, report_problem: Callable[[Problem], None]) -> _LineCount:
    num_usable = num_broken = num_without_pictures = 0
    for line in training_set.read_lines():
        missing = training_set.find_missing_pictures(line.example) if line.example is not None else []
        for problem in (*line.problems, *(replace(each, is_left_out=True) for each in missing)):
            report_problem(problem)
        num_broken += line.example is None
        num_without_pictures += bool(missing)
        num_usable += line.example is not None and not missing
    return _LineCount(num_usable, num_broken, num_without_pictures)


def _draw(training_set: TrainingSet, source: MixedSource, seed: str) -> Iterator[Example]:
    drawn = set(random.Random(seed).sample(range(source.num_usable), source.num_taken))
    return (example for number, example in enumerate(_usable(training_set)) if number in drawn)


def _interleave(counts: Sequence[int], seed: int) -> Iterator[int]:
    """Return the positions of sources in random order, each as often as it is taken from."""
    order = [position for position, count in enumerate(counts) for _ in range(count)]
    random.Random(seed).shuffle(order)
    return iter(order)


def _left_out(example: Example, error: Exception) -> Problem:
    return example.location.problem(
        "image",
        "broken picture",
        str(error),
        expected="a picture that can be copied",
        fix="Replace the file.",
        is_left_out=True,
    )
