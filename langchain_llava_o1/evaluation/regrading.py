"""Grading kept answers anew, with another grader or by other rules: none is asked for again."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from langchain_llava_o1.evaluation.answers import Asked, Replies, Reply, answer_items
from langchain_llava_o1.evaluation.benchmark import Resources, open_benchmark
from langchain_llava_o1.evaluation.item import DamagedItemError
from langchain_llava_o1.evaluation.outcome import Outcome, Replied
from langchain_llava_o1.evaluation.outcome_log import OUTCOMES_FILE, Cell, OutcomeLog, records_path
from langchain_llava_o1.evaluation.provenance import Provenance
from langchain_llava_o1.evaluation.results.run_folder import RunHeading, read_lines
from langchain_llava_o1.report.result import SearchResult

_GRADING = ("grader", "compatible")


class KeptReplies(Replies):
    """The replies that outcomes were made of."""

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        """Take the outcomes."""
        self._replies = {
            outcome.number: Replied(
                outcome.number, outcome.conclusion, outcome.input_tokens, outcome.output_tokens
            )
            for outcome in outcomes
        }

    def find(self, number: int) -> Replied | None:
        """Return the reply to an item."""
        return self._replies.get(number)

    def keep(self, replied: Replied, result: SearchResult | None) -> None:
        """Do nothing: there are no new ones."""


async def regrade(
    source: Path,
    folder: Path,
    resources: Resources,
    *,
    concurrency: int,
    report_start: Callable[[Cell, int], None] = lambda cell, num_items: None,
    report: Callable[[Cell, Outcome], None] = lambda cell, outcome: None,
    report_damage: Callable[[DamagedItemError], None] = lambda damage: None,
) -> None:
    """Grade the answers to a benchmark, and write them with their grades and records into another folder.

    What that folder holds already is not graded again.

    Args:
        source: Holds ``outcomes.jsonl``, as a comparison leaves it.
        folder: The other folder.
        resources: Where the benchmark is, and what grades.
        concurrency: Answers under way at once.
        report_start: Called before the answers of a strategy are graded, with how many there are.
        report: Called as each answer is graded.
        report_damage: Called for each item that cannot be read; its answer is left out.

    Raises:
        ConfigurationError: If the benchmark cannot be opened, its file is another one than was asked, or the
            folder belongs to something else.
        DataError: If the source cannot be read.
    """
    heading = next(read_lines(source / OUTCOMES_FILE)).fields
    benchmark = open_benchmark(heading["benchmark"], RunHeading.from_json(heading).options, resources)
    Provenance.from_json(heading).check_data(source, benchmark)
    known = OutcomeLog(source, heading)
    others = {name: value for name, value in heading.items() if name not in _GRADING}
    log = OutcomeLog(folder, others | resources.heading())
    for cell, outcomes in known.outcomes.items():
        numbers = [outcome.number for outcome in outcomes]
        seconds = {logged.outcome.number: logged.seconds for logged in known.of(cell, numbers)}
        graded = {logged.outcome.number for logged in log.of(cell, numbers)}
        _copy(records_path(source, cell), records_path(folder, cell))

        def keep(outcome: Outcome, cell: Cell = cell, seconds: dict[int, float] = seconds) -> None:
            log.add(cell, outcome, seconds[outcome.number])
            report(cell, outcome)

        missing = [number for number in numbers if number not in graded]
        report_start(cell, len(missing))
        await answer_items(
            _ask_nobody,
            benchmark,
            missing,
            concurrency=concurrency,
            report=keep,
            report_damage=report_damage,
            replies=KeptReplies(outcomes),
        )


async def _ask_nobody(asked: Asked) -> Reply:
    raise AssertionError(f"item {asked.number} has an answer")


def _copy(source: Path, target: Path) -> None:
    if source.exists() and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_suffix(".part")
        shutil.copyfile(source, unfinished)
        unfinished.replace(target)
