"""Questions of a benchmark that stand in a training set, found by their pictures and by their words.

Pictures are compared by their decoded pixels: the same picture is found in another file format without loss,
under another name or with other metadata. A copy that was scaled, cut, recoloured or compressed anew is not
found. Questions are compared word by word, without capitals and punctuation; a rephrased or translated one is
not found, and a question as common as "What is shown?" is found wherever it is asked.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from langchain_llava_o1.data.example import Example
from langchain_llava_o1.data.problem import Problem
from langchain_llava_o1.data.question_text import cut_off_options, normalize
from langchain_llava_o1.data.training_set import TrainingSet
from langchain_llava_o1.errors import ImageError

Trait = Literal["picture", "question"]
"""What can be compared."""

TRAITS: tuple[Trait, ...] = ("picture", "question")


@dataclass(frozen=True)
class Overlap:
    """An example that has something of a benchmark.

    Attributes:
        location: The example's file and line.
        id: The example's id.
        benchmark: File of the benchmark.
        items: Ids of the benchmark's items that are meant.
        shared: What they have in common.
    """

    location: str
    id: str
    benchmark: str
    items: tuple[str, ...]
    shared: tuple[Trait, ...]


@dataclass(frozen=True)
class BenchmarkOverlap:
    """How much of a benchmark stands in a training set.

    Attributes:
        benchmark: File of the benchmark.
        num_items: Items that were compared.
        num_items_found: Items that some example shares a picture or a question with.
        num_examples: Examples with something of it.
        by_trait: How many examples share what: "picture", "question" or "picture and question".
    """

    benchmark: str
    num_items: int
    num_items_found: int
    num_examples: int
    by_trait: dict[str, int]


@dataclass(frozen=True)
class OverlapReport:
    """What a training set shares with benchmarks.

    Attributes:
        file: File of the training set.
        num_examples: Examples that were compared.
        benchmarks: How much of each benchmark was found.
        overlaps: The first examples that share something.
        num_unread_pictures: Pictures, of the set and of the benchmarks, that could not be read and so were
            not compared.
        problems: Lines of the set and of the benchmarks that could not be compared.
    """

    file: str
    num_examples: int
    benchmarks: Sequence[BenchmarkOverlap]
    overlaps: Sequence[Overlap]
    num_unread_pictures: int
    problems: Sequence[Problem]

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not any(benchmark.num_examples for benchmark in self.benchmarks)

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def find_overlap(
    training_set: TrainingSet,
    benchmarks: Iterable[TrainingSet],
    *,
    compared: Sequence[Trait] = TRAITS,
    max_overlaps: int = 100,
    report_line: Callable[[int], None] = lambda number: None,
) -> OverlapReport:
    """Find items of benchmarks in a training set.

    Args:
        training_set: The set; it is read once, in bounded memory.
        benchmarks: What models are measured with; a digest of each picture and each question is kept.
        compared: What to compare.
        max_overlaps: How many examples are told; all are counted.
        report_line: Called with the number of examples that were compared.
    """
    reader = _TraitReader(compared)
    indexes = [_BenchmarkIndex(benchmark, reader) for benchmark in benchmarks]
    overlaps: list[Overlap] = []
    num_examples = 0
    for line in training_set.read_lines():
        reader.note_problems(line.problems)
        if line.example is None:
            continue
        num_examples += 1
        traits = list(reader.read(training_set, line.example))
        for index in indexes:
            overlap = index.look_up(line.example, traits)
            if overlap is not None and len(overlaps) < max_overlaps:
                overlaps.append(overlap)
        report_line(num_examples)
    return OverlapReport(
        file=str(training_set.path),
        num_examples=num_examples,
        benchmarks=[index.sum_up() for index in indexes],
        overlaps=overlaps,
        num_unread_pictures=reader.num_unread_pictures,
        problems=reader.problems,
    )


@dataclass
class _TraitReader:
    """Reads what is compared of an example."""

    compared: Sequence[Trait]
    num_unread_pictures: int = 0
    problems: list[Problem] = field(default_factory=list)
    max_problems: int = 100

    def note_problems(self, found: Iterable[Problem]) -> None:
        """Keep the problems of lines that cannot be compared."""
        left_out = [problem for problem in found if problem.is_left_out]
        self.problems += left_out[: self.max_problems - len(self.problems)]

    def read(self, source: TrainingSet, example: Example) -> Iterator[tuple[Trait, str]]:
        """Return every picture and every question of an example, as what stands for it."""
        if "question" in self.compared:
            # With and without the options, which each set prints in its own way.
            bare = map(cut_off_options, example.questions)
            asked = [*example.questions, *bare, str(example.extra.get("question", ""))]
            for text in dict.fromkeys(map(normalize, asked)):
                if text:
                    yield "question", text
        if "picture" in self.compared:
            for reference in example.pictures:
                try:
                    yield "picture", source.pictures.open(reference).key.hex()
                except ImageError:
                    self.num_unread_pictures += 1


class _BenchmarkIndex:
    """The items of a benchmark by what stands for their pictures and questions."""

    def __init__(self, benchmark: TrainingSet, reader: _TraitReader) -> None:
        self._file = str(benchmark.path)
        self._items: dict[tuple[Trait, str], list[str]] = defaultdict(list)
        self._found: set[str] = set()
        self._num_examples = 0
        self._by_trait: dict[str, int] = defaultdict(int)
        self._num_items = 0
        for line in benchmark.read_lines():
            reader.note_problems(line.problems)
            if line.example is not None:
                self._num_items += 1
                for trait in reader.read(benchmark, line.example):
                    self._items[trait].append(line.example.id)

    def look_up(self, example: Example, traits: Sequence[tuple[Trait, str]]) -> Overlap | None:
        """Return what an example shares with the benchmark, and count it."""
        hits = [trait for trait in traits if trait in self._items]
        if not hits:
            return None
        items = tuple(dict.fromkeys(item for trait in hits for item in self._items[trait]))
        shared = tuple(trait for trait in TRAITS if any(kind == trait for kind, _ in hits))
        self._found.update(items)
        self._num_examples += 1
        self._by_trait[" and ".join(shared)] += 1
        return Overlap(str(example.location), example.id, self._file, items, shared)

    def sum_up(self) -> BenchmarkOverlap:
        """Return what was found so far."""
        return BenchmarkOverlap(
            self._file, self._num_items, len(self._found), self._num_examples, dict(self._by_trait)
        )
