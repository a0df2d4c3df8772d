"""A whole set looked through: one pass, with every check, in bounded memory."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from langchain_llava_o1.data.checks.check import Check, Viewed
from langchain_llava_o1.data.checks.duplicates import DuplicateCheck
from langchain_llava_o1.data.checks.languages import LanguageCheck
from langchain_llava_o1.data.checks.lengths import LengthCheck
from langchain_llava_o1.data.checks.near_duplicates import NearDuplicateCheck
from langchain_llava_o1.data.checks.tags import TagCheck
from langchain_llava_o1.data.checks.wording import LeakCheck, RefusalCheck
from langchain_llava_o1.data.example import Example, ReadLine
from langchain_llava_o1.data.problem import Problem
from langchain_llava_o1.data.training_set import TrainingSet
from langchain_llava_o1.errors import ImageError


@dataclass(frozen=True)
class CheckReport:
    """What is wrong with a set.

    Attributes:
        file: The file that was read.
        num_lines: Lines that are not blank; of a table its rows.
        num_examples: Lines that give an example.
        num_turns: Questions in them.
        num_pictures: Pictures in them, however often each is shown.
        num_problems: How many problems there are of each kind, the most frequent first.
        summary: What the checks sum up, such as lengths and scripts.
        problems: The first problems of each kind.
    """

    file: str
    num_lines: int
    num_examples: int
    num_turns: int
    num_pictures: int
    num_problems: Mapping[str, int]
    summary: Mapping[str, Any]
    problems: Sequence[Problem]

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


def default_checks(lengths: LengthCheck | None = None) -> list[Check]:
    """Return a new check of every kind.

    Args:
        lengths: How lengths are measured; in characters if None.
    """
    return [
        TagCheck(),
        DuplicateCheck(),
        NearDuplicateCheck(),
        RefusalCheck(),
        LeakCheck(),
        LanguageCheck(),
        lengths or LengthCheck(unit="characters"),
    ]


def check_set(
    training_set: TrainingSet,
    checks: Sequence[Check] | None = None,
    *,
    decode_pictures: bool = True,
    max_problems: int = 20,
    report_line: Callable[[int], None] = lambda number: None,
) -> CheckReport:
    """Look through a set.

    Args:
        training_set: The set; it is read once.
        checks: What to look for, checks that have seen nothing; all of them if None.
        decode_pictures: Whether pictures are decoded, to find broken ones and to know a picture again under
            another path; otherwise only whether there is a file.
        max_problems: How many problems of each kind are kept; all are counted.
        report_line: Called with the number of lines that were looked at.
    """
    looking = _Looking(training_set, default_checks() if checks is None else checks, decode_pictures)
    kept: list[Problem] = []
    found: Counter[str] = Counter()
    for number, line in enumerate(training_set.read_lines(), start=1):
        for problem in looking.look_at(line):
            found[problem.kind] += 1
            if found[problem.kind] <= max_problems:
                kept.append(problem)
        report_line(number)
    return CheckReport(
        file=str(training_set.path),
        num_lines=looking.num_lines,
        num_examples=looking.num_examples,
        num_turns=looking.num_turns,
        num_pictures=looking.num_pictures,
        num_problems=dict(found.most_common()),
        summary={name: value for check in looking.checks for name, value in check.sum_up().items()},
        problems=kept,
    )


class _Looking:
    """A look through a set, and what is counted meanwhile."""

    def __init__(self, training_set: TrainingSet, checks: Sequence[Check], decode_pictures: bool) -> None:
        self.checks = checks
        self.num_lines = self.num_examples = self.num_turns = self.num_pictures = 0
        self._set = training_set
        self._decode_pictures = decode_pictures

    def look_at(self, line: ReadLine) -> Iterator[Problem]:
        """Return all that is wrong with a line."""
        self.num_lines += 1
        yield from line.problems
        example = line.example
        if example is None:
            return
        self.num_examples += 1
        self.num_turns += len(example.questions)
        self.num_pictures += len(example.pictures)
        missing = self._set.find_missing_pictures(example)
        yield from missing
        keys = list(example.pictures)
        if self._decode_pictures and not missing:
            yield from self._read_keys(example, keys)
        viewed = Viewed(example, tuple(keys))
        for check in self.checks:
            for finding in check.look(viewed):
                yield example.location.problem(**asdict(finding))

    def _read_keys(self, example: Example, keys: list[str]) -> Iterator[Problem]:
        """Put the digests of pictures into the place of their paths; return those that are broken."""
        for number, reference in enumerate(example.pictures):
            try:
                keys[number] = self._set.pictures.open(reference).key.hex()
            except ImageError as error:
                yield example.location.problem(
                    example.picture_field(number),
                    "broken picture",
                    str(error),
                    expected="a picture",
                    fix="Replace the file.",
                )
