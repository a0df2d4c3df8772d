"""What was asked in a session: its answers, shown again at a click, and their reports as files."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from langchain_llava_o1.report.page import EarlierAnswer, render_earlier, render_search
from langchain_llava_o1.report.result import SearchResult
from langchain_llava_o1.report.step import show_step
from langchain_llava_o1.search.strategy import Strategy

_MAX_ANSWERS = 30


@dataclass(frozen=True)
class _Answer:
    strategy: Strategy
    result: SearchResult


@dataclass
class Session:
    """The answers of one reader of the page, the latest first; the oldest are forgotten.

    Attributes:
        running: What stops a search under way, by the name of the place where it is shown.
    """

    running: dict[str, asyncio.Event] = field(default_factory=dict)
    _answers: deque[_Answer] = field(default_factory=lambda: deque(maxlen=_MAX_ANSWERS))

    def add(self, strategy: Strategy, result: SearchResult) -> None:
        """Keep an answer."""
        self._answers.appendleft(_Answer(strategy, result))

    def result_at(self, place: int) -> SearchResult:
        """Return the result in a place of the list, from 0."""
        return self._answers[place].result

    def draw(self) -> str:
        """Draw the list."""
        return render_earlier(
            [
                EarlierAnswer(each.result.question, each.result.answer, _describe(each))
                for each in self._answers
            ]
        )


def draw_again(result: SearchResult, *, key: str) -> str:
    """Draw a result with its question.

    Args:
        result: The result.
        key: Tells its elements from those of searches in the same page.
    """
    steps = [
        show_step(name, record, settings=result.settings, limit=result.limit)
        for name, record in result.stages.items()
    ]
    return render_search(steps, key=key, result=result, with_question=True)


@contextmanager
def report_file(result: SearchResult) -> Iterator[Path]:
    """Write the report of a result to a file, for as long as it takes to pass it on."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        path.write_text(result.to_html(), encoding="utf-8")
        yield path


def _describe(answer: _Answer) -> str:
    settings: dict[str, Any] = answer.result.settings
    parts = [answer.strategy.search]
    if answer.strategy.judge:
        parts.append(f"{answer.strategy.judge} judge")
    if "candidates" in settings:
        number = settings["candidates"]
        parts.append(f"{number} candidate{'' if number == 1 else 's'}")
    return ", ".join([*parts, f"seed {settings['seed']}"])
