"""A benchmark: questions about pictures, and what makes an answer right. All that have a name.

A further benchmark is a module in ``benchmarks/`` with its class, and a record here.
"""

import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.item import DataFile, Grade, Item
from langchain_llava_o1.evaluation.outcome import Outcome
from langchain_llava_o1.staging.parts.answer import WHOLE_ANSWER
from langchain_llava_o1.staging.transcript import parse_transcript

if TYPE_CHECKING:
    from langchain_llava_o1.evaluation.grading.grader import Grader


@dataclass(frozen=True)
class Resources:
    """What a benchmark reads, and what it asks.

    Attributes:
        data: Folder with the files of benchmarks; None for ``$LMUData`` or, without that, ``~/LMUData``.
        grader: Reads what no rule can; None where rules alone read.
        is_compatible: Whether answers are graded as VLMEvalKit does, what is known of its errors included.
    """

    data: Path | None = None
    grader: "Grader | None" = None
    is_compatible: bool = False

    def heading(self) -> dict[str, Any]:
        """Return what answers that are graded with them have in common."""
        return {
            **({"grader": self.grader.name} if self.grader else {}),
            **({"compatible": True} if self.is_compatible else {}),
        }


NO_RESOURCES = Resources()


class Benchmark(ABC):
    """Numbered items, each read when it is needed, and how a conclusion about one is graded.

    Attributes:
        name: What it is called, in reports, too.
        options: The value of each of its options.
        num_items: How many items it has; None if there is no end of them.
    """

    num_items: int | None = None

    def __init__(self, name: str, options: Mapping[str, str], resources: Resources = NO_RESOURCES) -> None:
        """Take the name and the options of the record in the catalogue, every option with its value."""
        self.name = name
        self.options = dict(options)
        self.resources = resources

    @property
    def data_file(self) -> DataFile | None:
        """The file that its items are read from; None where there is none."""
        return None

    @abstractmethod
    def read_item(self, number: int) -> Item:
        """Return the item of a number from 0 on, the same one each time. May take its time.

        Raises:
            DamagedItemError: If this one cannot be read.
        """

    @abstractmethod
    async def grade(self, item: Item, conclusion: str) -> Grade:
        """Tell what a conclusion is worth; may ask a model."""

    def further_scores(self, outcomes: Sequence[Outcome]) -> Mapping[str, float]:
        """Return what the benchmark's own tables show beside the accuracy, from 0 to 1, by name."""
        return {}

    async def grade_part(self, item: Item, part: str, accepted: Sequence[str], text: str) -> bool | None:
        """Tell whether a candidate for a part of an answer is right; None where the benchmark cannot tell.

        By default it can tell of whole answers, by their conclusion.

        Args:
            item: What is asked.
            part: Name of a stage, or "answer".
            accepted: Texts of the stages before it.
            text: The candidate; a whole answer in its tags.
        """
        conclusion = parse_transcript(text).conclusion if part == WHOLE_ANSWER.name else None
        return None if conclusion is None else (await self.grade(item, conclusion)).score == 1

    def read_practice_item(self, number: int) -> Item:
        """Return what is asked before the items from ``number`` on, so that the checkpoint is loaded.

        Its answer does not count. By default it is the first of those items; where it is another one, nothing
        that is kept of it can speed up an answer that does count.
        """
        return self.read_item(number)

    def read_earlier_questions(self, number: int, count: int) -> Sequence[str]:
        """Return questions about the pictures of an item, to be asked before its own in a conversation.

        Raises:
            ConfigurationError: If the benchmark has none, and some are asked for.
        """
        if count:
            raise ConfigurationError(
                f"{self.name} has single questions, no conversations; got {count + 1} turns. Ask for one."
            )
        return ()

    def numbers(self, first: int, count: int) -> range:
        """Return the numbers of ``count`` items from ``first`` on.

        Raises:
            ConfigurationError: If it has fewer.
        """
        if self.num_items is not None and first + count > self.num_items:
            raise ConfigurationError(
                f"{self.name} has {self.num_items} items, numbered from 0; asked for were "
                f"{count} from {first} on. Ask for fewer."
            )
        return range(first, first + count)

    def remarks(self) -> Sequence[str]:
        """Return what is to be known of its items before they are asked, a sentence each."""
        return ()

    def __str__(self) -> str:
        """Write its name with the values of its options, as in "scenes (hard)"."""
        return describe_benchmark(self.name, self.options)


def describe_benchmark(name: str, options: Mapping[str, str]) -> str:
    """Write the name of a benchmark with the values of its options, as in "scenes (hard)"."""
    return f"{name} ({', '.join(options.values())})" if options else name


@dataclass(frozen=True)
class BenchmarkOption:
    """What can be chosen about a benchmark.

    Attributes:
        description: What it is, in a line.
        default: Its value where none is given.
        choices: The values that it may have; none for any text.
    """

    description: str
    default: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class BenchmarkEntry:
    """A benchmark in the catalogue. Nothing is imported until it is opened.

    Attributes:
        name: What it is called.
        description: What is asked, in a line.
        home: Where its class is, as "module:class"; it takes what ``Benchmark`` takes.
        options: What can be chosen about it, by name; reports have each beside their own fields, so that none
            may be called like one of those.
    """

    name: str
    description: str
    home: str
    options: Mapping[str, BenchmarkOption] = field(default_factory=dict)

    def open(self, given: Mapping[str, str], resources: Resources = NO_RESOURCES) -> Benchmark:
        """Open the benchmark.

        Args:
            given: Values of options, by name, where they are not the defaults.
            resources: What it reads, and what it asks.

        Raises:
            ConfigurationError: If an option is unknown to the benchmark, or has a value that it cannot have.
        """
        if unknown := sorted(given.keys() - self.options.keys()):
            known = f"it has {', '.join(self.options)}" if self.options else "it has none"
            raise ConfigurationError(f"{self.name} has no option {', '.join(map(repr, unknown))}; {known}.")
        values = {name: given.get(name, option.default) for name, option in self.options.items()}
        for name, option in self.options.items():
            if option.choices and values[name] not in option.choices:
                raise ConfigurationError(
                    f"{self.name} has no {name} {values[name]!r}; there are {', '.join(option.choices)}."
                )
        return cast("Benchmark", pkgutil.resolve_name(self.home)(self.name, values, resources))


_DIFFICULTY = {
    "difficulty": BenchmarkOption(
        "Of the items.",
        default=Difficulty.HARD.value,
        choices=tuple(difficulty.value for difficulty in Difficulty),
    )
}

BENCHMARKS = {
    entry.name: entry
    for entry in (
        BenchmarkEntry(
            "scenes",
            "Questions about drawn scenes and bar charts that the embedded model was not trained on.",
            "langchain_llava_o1.evaluation.benchmarks.drawn:Scenes",
            _DIFFICULTY,
        ),
        BenchmarkEntry(
            "puzzles",
            "Drawn trail maps and sums of bars, hard to solve and easy to check, none of them trained on.",
            "langchain_llava_o1.evaluation.benchmarks.drawn:Puzzles",
            _DIFFICULTY,
        ),
        BenchmarkEntry(
            "mmstar",
            "Questions that need their picture, by six skills (MMStar).",
            "langchain_llava_o1.evaluation.benchmarks.mmstar:MMStar",
        ),
        BenchmarkEntry(
            "mmbench",
            "Questions of twenty abilities, right only in every rotation of their options (MMBench V1.1).",
            "langchain_llava_o1.evaluation.benchmarks.mmbench:MMBench",
            {
                "split": BenchmarkOption(
                    "Which part; the answers of test are not published.", "dev", ("dev", "test")
                )
            },
        ),
        BenchmarkEntry(
            "mmvet",
            "Open questions that need several capabilities, graded by a model (MM-Vet).",
            "langchain_llava_o1.evaluation.benchmarks.mmvet:MMVet",
        ),
        BenchmarkEntry(
            "mathvista",
            "Mathematics in pictures, answered by option, number, list or text (MathVista, testmini).",
            "langchain_llava_o1.evaluation.benchmarks.mathvista:MathVista",
        ),
        BenchmarkEntry(
            "ai2d",
            "Questions about diagrams of schoolbooks (AI2D).",
            "langchain_llava_o1.evaluation.benchmarks.ai2d:AI2D",
            {
                "mask": BenchmarkOption(
                    "Whether a box covers what is asked for; published figures are mostly without.",
                    "no-mask",
                    ("no-mask", "mask"),
                )
            },
        ),
        BenchmarkEntry(
            "hallusion-bench",
            "Yes or no about figures and altered copies of them: aAcc, fAcc, qAcc (HallusionBench).",
            "langchain_llava_o1.evaluation.benchmarks.hallusion_bench:HallusionBench",
        ),
    )
}
"""All of them, by name; the first one is the default."""

DEFAULT_BENCHMARK = next(iter(BENCHMARKS))


def find_benchmark(name: str) -> BenchmarkEntry:
    """Return the record of a benchmark.

    Raises:
        ConfigurationError: If there is none of this name.
    """
    if name not in BENCHMARKS:
        raise ConfigurationError(f"There is no benchmark {name!r}; there are {', '.join(BENCHMARKS)}.")
    return BENCHMARKS[name]


def open_benchmark(
    name: str = DEFAULT_BENCHMARK,
    options: Mapping[str, str] | None = None,
    resources: Resources = NO_RESOURCES,
) -> Benchmark:
    """Open a benchmark by its name.

    Raises:
        ConfigurationError: If there is none of this name, or an option is not one of its own.
    """
    return find_benchmark(name).open(options or {}, resources)
