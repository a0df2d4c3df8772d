"""Folders of answers, as ``bench accuracy --compare`` leaves them: a line for each, by benchmark."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from langchain_llava_o1.data.annotation.spending import Price
from langchain_llava_o1.errors import ConfigurationError, DataError
from langchain_llava_o1.evaluation.benchmark import BENCHMARKS, describe_benchmark
from langchain_llava_o1.evaluation.contender import PLAIN
from langchain_llava_o1.evaluation.outcome import Outcome, unite
from langchain_llava_o1.evaluation.outcome_log import OUTCOMES_FILE, Cell, records_path
from langchain_llava_o1.evaluation.provenance import Provenance
from langchain_llava_o1.search.catalogue import SEARCHES


class Line(NamedTuple):
    """A line of a file, read.

    Attributes:
        number: Counted from 1.
        fields: What it says.
    """

    number: int
    fields: dict[str, Any]


@dataclass(frozen=True)
class RunHeading:
    """What the answers of a file have in common.

    Attributes:
        benchmark: Name of the benchmark.
        options: The values of its options.
        model: What answered.
        judge: What decides between candidates; None for each search's own default.
        settings: Settings of the searches that are not the defaults.
        seed: First item.
        grader: What read the answers that rules could not; None where nothing was asked.
        is_compatible: Whether answers were graded as VLMEvalKit does.
        provenance: What the answers came from.
    """

    benchmark: str
    options: Mapping[str, str]
    model: str
    judge: str | None
    settings: Mapping[str, Any]
    seed: int
    grader: str | None
    is_compatible: bool
    provenance: Provenance

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "RunHeading":
        """Read the first line of a file.

        Raises:
            KeyError: If it lacks the name of the benchmark or of the model.
        """
        name = fields["benchmark"]
        known = BENCHMARKS[name].options if name in BENCHMARKS else {}
        return cls(
            benchmark=name,
            options={option: fields[option] for option in known if option in fields},
            model=fields["model"],
            judge=fields.get("judge"),
            settings=fields.get("context") or {},
            seed=fields.get("seed", 0),
            grader=fields.get("grader"),
            is_compatible=bool(fields.get("compatible")),
            provenance=Provenance.from_json(fields),
        )


@dataclass(frozen=True)
class CellRun:
    """What one strategy, with a number of candidates, made of the items.

    Attributes:
        strategy: Name of the search, or of the baseline.
        candidates: How many it chose from.
        outcomes: By the numbers of the items, in their order.
        seconds: Wall-clock time in all.
        folder: Where the answers are.
        heading: What they have in common with others of that folder.
        origin: What tells its folder from others; empty where there is one.
        price: What tokens of its folder's model cost; None where nobody said.
    """

    strategy: str
    candidates: int
    outcomes: Mapping[int, Outcome]
    seconds: float
    folder: Path
    heading: RunHeading
    origin: str = ""
    price: Price | None = None

    @property
    def is_baseline(self) -> bool:
        """Whether it is what others are read against."""
        return self.strategy not in (*SEARCHES, PLAIN)

    @property
    def has_candidates(self) -> bool:
        """Whether it has candidates to choose from."""
        return self.strategy in SEARCHES and SEARCHES[self.strategy].has_candidates

    @property
    def name(self) -> str:
        """The strategy, after what tells its folder from others."""
        return f"{self.origin}: {self.strategy}" if self.origin else self.strategy

    @property
    def label(self) -> str:
        """The name, with the number of candidates where it chooses."""
        return f"{self.name}, N={self.candidates}" if self.has_candidates else self.name

    @property
    def records_path(self) -> Path:
        """The file with the records of its searches; it may be missing."""
        return records_path(self.folder, Cell(self.strategy, self.candidates))


@dataclass(frozen=True)
class BenchmarkRun:
    """All answers to one benchmark.

    Attributes:
        cells: At least one: single passes first, then searches by their number of candidates, then
            baselines; within these as they came.
    """

    cells: tuple[CellRun, ...]

    @property
    def heading(self) -> RunHeading:
        """What the answers of the first cell have in common; the benchmark is that of all."""
        return self.cells[0].heading

    @property
    def graders(self) -> list[str]:
        """What read the answers that rules could not."""
        return list(dict.fromkeys(cell.heading.grader for cell in self.cells if cell.heading.grader))


def read_runs(folders: Sequence[Path], prices: Sequence[Price] = ()) -> list[BenchmarkRun]:
    """Read all benchmarks of some folders; the answers to one stand side by side, whatever their folder.

    Strategies of several folders are told apart by what answered or, where that is the same in two of them,
    by the names of the folders.

    Args:
        folders: Where ``bench accuracy --compare`` wrote to.
        prices: What tokens cost: none, one for all folders, or one for each.

    Raises:
        ConfigurationError: If a folder holds no answers, or is named twice, or there is another number of
            prices.
        DataError: If a line is no answer.
    """
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise ConfigurationError(
            f"A folder is named twice among {', '.join(map(str, folders))}. Name each once."
        )
    price_of = _prices(folders, prices)
    found = [_read_folder(folder) for folder in folders]
    cells: dict[str, list[CellRun]] = {}
    for runs, origin, price in zip(found, _origins(folders, found), price_of, strict=True):
        for run in runs:
            asked = describe_benchmark(run.heading.benchmark, run.heading.options)
            told = (replace(cell, origin=origin, price=price) for cell in run.cells)
            cells.setdefault(asked, []).extend(told)
    order = list(BENCHMARKS)
    return sorted(
        (BenchmarkRun(_in_order(each)) for each in cells.values()),
        key=lambda run: order.index(run.heading.benchmark) if run.heading.benchmark in order else len(order),
    )


def _origins(folders: Sequence[Path], found: Sequence[Sequence[BenchmarkRun]]) -> list[str]:
    """Return what tells each folder from the others; nothing where there is one."""
    if len(folders) == 1:
        return [""]
    models = [" and ".join(dict.fromkeys(run.heading.model for run in runs)) for runs in found]
    names = [folder.resolve().name for folder in folders]
    for candidates in (models, names):
        if len(set(candidates)) == len(folders):
            return candidates
    return [str(folder) for folder in folders]


def _prices(folders: Sequence[Path], prices: Sequence[Price]) -> list[Price | None]:
    """Return the price of each folder."""
    if len(prices) <= 1:
        return [prices[0] if prices else None] * len(folders)
    if len(prices) != len(folders):
        raise ConfigurationError(
            f"There are {len(prices)} prices for {len(folders)} folder(s). Give one for each folder, in "
            "their order, or one for all."
        )
    return list(prices)


def _read_folder(folder: Path) -> list[BenchmarkRun]:
    paths = sorted(folder.glob(f"*/{OUTCOMES_FILE}"))
    if not paths:
        state = "holds no answers" if folder.is_dir() else "is no folder"
        raise ConfigurationError(
            f"{folder} {state}: there is no {folder}/<benchmark>/{OUTCOMES_FILE}. Name the folder that "
            "`llava-o1 bench accuracy --compare … --out` wrote."
        )
    runs = [run for path in paths if (run := _read_benchmark(path))]
    if not runs:
        raise ConfigurationError(
            f"{folder} holds no answers yet: {', '.join(map(str, paths))} only begin. Go on with "
            "`llava-o1 bench accuracy --compare …`, then report."
        )
    return runs


def read_lines(path: Path) -> Iterator[Line]:
    """Read a file of JSON objects; a last line that was cut off is none.

    Raises:
        DataError: If a line is no object.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            # The program was killed while it wrote this one, and answers the item again.
            if not line.endswith(b"\n"):
                return
            try:
                fields = json.loads(line)
            except ValueError as error:
                raise DataError(f"{path}, line {number}: {_excerpt(line)} is no JSON ({error}).") from error
            if not isinstance(fields, dict):
                raise DataError(f"{path}, line {number}: {_excerpt(line)} is no JSON object.")
            yield Line(number, fields)


def _excerpt(line: bytes) -> str:
    return repr(line.decode("utf-8", "replace").strip()[:60])


def _read_benchmark(path: Path) -> BenchmarkRun | None:
    """Read a file of answers; None where it has none yet."""
    lines = read_lines(path)
    first = next(lines, None)
    if first is None:
        return None
    try:
        heading = RunHeading.from_json(first.fields)
    except KeyError as error:
        raise DataError(
            f"{path}, line 1: the heading lacks {error}; it has {', '.join(first.fields) or 'nothing'}. "
            "The file is none that `llava-o1 bench accuracy` wrote, or one of an earlier version."
        ) from error
    answers: dict[tuple[str, int], dict[int, tuple[Outcome, float]]] = {}
    for number, fields in lines:
        try:
            name = (str(fields.pop("strategy")), int(fields.pop("candidates")))
            seconds = float(fields.pop("seconds"))
            outcome = Outcome.from_json(fields)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{path}, line {number}: it is no answer ({type(error).__name__}: {error}). Take the line "
                "out, and have the item answered again."
            ) from error
        answers.setdefault(name, {})[outcome.number] = (outcome, seconds)
    cells = [
        CellRun(
            *name,
            outcomes={number: found[number][0] for number in sorted(found)},
            seconds=sum(seconds for _, seconds in found.values()),
            folder=path.parent,
            heading=heading,
        )
        for name, found in answers.items()
        # Of questions that are all incomplete there is nothing to count.
        if unite([outcome for outcome, _ in found.values()])
    ]
    return BenchmarkRun(_in_order(cells)) if cells else None


def _in_order(cells: Sequence[CellRun]) -> tuple[CellRun, ...]:
    place = {name: number for number, name in enumerate(dict.fromkeys(cell.name for cell in cells))}
    return tuple(
        sorted(
            cells,
            key=lambda cell: (cell.is_baseline, cell.has_candidates, place[cell.name], cell.candidates),
        )
    )
