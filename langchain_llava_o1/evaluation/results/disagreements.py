"""Items that one strategy answers better than another: which ones, and what is to be seen of each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, zip_longest

from markupsafe import Markup

from langchain_llava_o1.errors import DataError, ImageError
from langchain_llava_o1.evaluation.outcome import Outcome
from langchain_llava_o1.evaluation.record_file import RecordFile
from langchain_llava_o1.evaluation.results.measured_run import MeasuredCell, MeasuredRun
from langchain_llava_o1.pictures.base64_text import write_data_url
from langchain_llava_o1.pictures.picture import Picture
from langchain_llava_o1.pictures.policy import ImagePolicy
from langchain_llava_o1.pictures.shrinking import small_copy
from langchain_llava_o1.report.page import render_search
from langchain_llava_o1.report.result import SearchResult
from langchain_llava_o1.report.step import show_step

_MOST_PIXELS_IN_A_ROW = 320


@dataclass(frozen=True)
class Disagreement:
    """An item that two strategies did not answer equally well.

    Attributes:
        run: Number of its benchmark.
        number: Of the item.
    """

    run: int
    number: int


@dataclass(frozen=True)
class ShownPicture:
    """A picture in the page.

    Attributes:
        source: Where it is from.
        data_url: The picture, made smaller; None where it cannot be read.
        problem: Why it cannot be read.
    """

    source: str
    data_url: str | None
    problem: str = ""


@dataclass(frozen=True)
class ShownAnswer:
    """What a strategy made of an item.

    Attributes:
        cell: The strategy.
        outcome: Its answer and what that is worth.
        search: How the answer came about, as a part of a page; None where nobody wrote it down.
    """

    cell: MeasuredCell
    outcome: Outcome
    search: Markup | None


@dataclass(frozen=True)
class ShownItem:
    """An item in the page.

    Attributes:
        outcome: What the first strategy made of it.
        question: What was asked; empty where that cannot be read.
        pictures: What was shown.
        answers: Of all strategies that answered it, in the order of the run.
        kind: Number of its kind, among those of the benchmark.
        better: Numbers of the cells that did better than the first.
        worse: Numbers of the cells that did worse.
    """

    outcome: Outcome
    question: str
    pictures: tuple[ShownPicture, ...]
    answers: tuple[ShownAnswer, ...]
    kind: int
    better: tuple[int, ...]
    worse: tuple[int, ...]

    @property
    def classes(self) -> list[str]:
        """What the page calls its kind, and the strategies that did better or worse."""
        compared = [f"better-{place}" for place in self.better] + [f"worse-{place}" for place in self.worse]
        return [f"kind-{self.kind}", *compared]


def choose_disagreements(runs: Sequence[MeasuredRun], limit: int) -> list[Disagreement]:
    """Choose items on which a search did better or worse than the first of its benchmark, or than another.

    Benchmarks, pairs of searches and both directions take turns, so that none fills the list alone. Where two
    others differ, one of them differs from the first, too: all that is chosen can be narrowed down by what
    did better or worse than that. Only items that the first has answered are chosen.
    """
    queues = [queue for place, run in enumerate(runs) for queue in _queues(place, run)]
    chosen = dict.fromkeys(_take_turns(queues))
    return sorted(list(chosen)[:limit], key=lambda each: (each.run, each.number))


def show_items(run: MeasuredRun, numbers: Iterable[int], *, key: str) -> list[ShownItem]:
    """Read all that is to be seen of items.

    Args:
        run: A benchmark.
        numbers: Of items that its first strategy answered.
        key: Tells its elements from those of other benchmarks in the same page.
    """
    numbers = list(numbers)
    kinds = sorted({outcome.kind for cell in run.cells for outcome in cell.run.outcomes.values()})
    records = [RecordFile(cell.run.records_path).read_results(set(numbers)) for cell in run.cells]
    return [_show_item(run, number, records, kinds, key) for number in numbers]


def _queues(place: int, run: MeasuredRun) -> Iterator[list[Disagreement]]:
    first, *others = run.cells
    searches = [cell for cell in others if not cell.run.is_baseline]
    with_first = [(first, other) for other in searches or others]
    for one, other in [*with_first, *combinations(searches, 2)]:
        differences = {
            number: outcome.score - one.run.outcomes[number].score
            for number, outcome in other.run.outcomes.items()
            if number in one.run.outcomes and number in first.run.outcomes
        }
        yield [Disagreement(place, number) for number, each in differences.items() if each > 0]
        yield [Disagreement(place, number) for number, each in differences.items() if each < 0]


def _take_turns(queues: Sequence[Sequence[Disagreement]]) -> Iterator[Disagreement]:
    for turn in zip_longest(*queues):
        yield from (each for each in turn if each is not None)


def _show_item(
    run: MeasuredRun,
    number: int,
    records: Sequence[dict[int, SearchResult]],
    kinds: Sequence[str],
    key: str,
) -> ShownItem:
    first = run.cells[0].run.outcomes[number]
    question, pictures = _read_item(run, first)
    answers, better, worse = [], [], []
    for place, (cell, known) in enumerate(zip(run.cells, records, strict=True)):
        outcome = cell.run.outcomes.get(number)
        if outcome is None:
            continue
        result = known.get(number)
        # Of a single pass there is nothing to draw.
        search = _draw(result, f"{key}-{number}-{place}") if result and cell.run.has_candidates else None
        answers.append(ShownAnswer(cell, outcome, search))
        question = question or (result.question if result else "")
        if outcome.score > first.score:
            better.append(place)
        if outcome.score < first.score:
            worse.append(place)
    kind = kinds.index(first.kind)
    return ShownItem(first, question, pictures, tuple(answers), kind, tuple(better), tuple(worse))


def _draw(result: SearchResult, key: str) -> Markup:
    steps = [
        show_step(name, record, settings=result.settings, limit=result.limit)
        for name, record in result.stages.items()
    ]
    return Markup(render_search(steps, key=key, is_busy=False, result=result))


def _read_item(run: MeasuredRun, outcome: Outcome) -> tuple[str, tuple[ShownPicture, ...]]:
    """Read the question and the pictures; without the benchmark, there is no question."""
    sources = list(outcome.sources)
    try:
        item = run.benchmark.read_item(outcome.number)
    except (DataError, OSError) as error:
        # What is said once at the top need not be said at every item.
        problem = "" if run.problem else str(error)
        return "", tuple(ShownPicture(source, None, problem) for source in sources or [""])
    sources = list(item.sources or sources)
    sources += [f"picture {place + 1}" for place in range(len(sources), len(item.pictures))]
    return item.question, tuple(map(_show_picture, item.pictures, sources))


def _show_picture(data: bytes, source: str) -> ShownPicture:
    try:
        shown = small_copy(Picture.decode(data, ImagePolicy()), _MOST_PIXELS_IN_A_ROW)
        return ShownPicture(source, write_data_url("image/jpeg", shown))
    except ImageError as error:
        return ShownPicture(source, None, str(error))
