"""Showing how far an answer is, on standard error: live in a terminal, as plain lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from langchain_llava_o1.cli.output import write_error

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_MAX_EXCERPT = 60


class Progress(Protocol):
    """Shows the events of a search while it is entered. Candidates are numbered from 1."""

    def __enter__(self) -> "Progress":
        """Begin to show."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""

    def handle(self, event: dict[str, Any]) -> None:
        """Show one event."""

    def pause(self) -> AbstractContextManager[None]:
        """Keep off the terminal while something else is written to it."""


def create_progress(*, is_verbose: bool = False) -> Progress:
    """Choose how progress is shown.

    Args:
        is_verbose: Show the whole text of every accepted stage.
    """
    if sys.stderr is not None and sys.stderr.isatty():
        from rich.console import Console

        console = Console(stderr=True)
        if not console.is_dumb_terminal:
            return LiveProgress(console, is_verbose=is_verbose)
    return PlainProgress(is_verbose=is_verbose)


class PlainProgress:
    """One line on standard error for each thing that happens."""

    def __init__(self, *, is_verbose: bool = False) -> None:
        """Prepare to write lines, with the accepted texts if ``is_verbose``."""
        self._is_verbose = is_verbose

    def __enter__(self) -> "PlainProgress":
        """Begin to show."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Do nothing: a line is written as a whole."""

    def handle(self, event: dict[str, Any]) -> None:
        """Write the line of one event, if it has one."""
        line = describe_event(event, is_verbose=self._is_verbose)
        if line is not None:
            write_error(line)

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Do nothing: lines do not get in the way."""
        yield


@dataclass
class _StageStatus:
    """How far one stage is."""

    num_candidates: int
    num_done: int = 0
    round: int = 0
    num_matches: int = 0
    num_decided: int = 0
    chosen: str | None = None


class LiveProgress:
    """A table that is redrawn in place: a row per stage with its candidates, round and winner."""

    def __init__(self, console: "Console", *, is_verbose: bool = False) -> None:
        """Prepare to draw on ``console``, and to print the accepted texts if ``is_verbose``."""
        from rich.live import Live

        self._console = console
        self._is_verbose = is_verbose
        self._stages: dict[str, _StageStatus] = {}
        self._live = Live(
            get_renderable=self._draw,
            console=console,
            transient=True,
            redirect_stdout=False,
            refresh_per_second=8,
        )

    def __enter__(self) -> "LiveProgress":
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wipe the table."""
        self._live.stop()

    def handle(self, event: dict[str, Any]) -> None:
        """Take one event into the table."""
        kind = event["type"]
        if kind == "stage_started":
            self._stages[event["stage"]] = _StageStatus(event["num_candidates"])
            return
        status = self._stages.get(event.get("stage", ""))
        if status is None:
            return
        if kind == "candidate":
            status.num_done += 1
        elif kind == "round":
            status.round, status.num_matches, status.num_decided = event["round"], event["num_matches"], 0
        elif kind == "match":
            status.num_decided += 1
        elif kind == "winner":
            status.num_done = status.num_candidates
            status.chosen = _excerpt(event["text"])
            if self._is_verbose:
                from rich.text import Text

                self._console.print(Text(describe_event(event, is_verbose=True) or ""))

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Wipe the table, and draw it again afterwards."""
        was_started = self._live.is_started
        self._live.stop()
        try:
            yield
        finally:
            if was_started:
                self._live.start()

    def _draw(self) -> "RenderableType":
        from rich.spinner import Spinner
        from rich.table import Table
        from rich.text import Text

        if not self._stages:
            return Spinner("dots", "starting")
        table = Table.grid(padding=(0, 1))
        for name, status in self._stages.items():
            is_done = status.chosen is not None
            mark = Text("✓", style="green") if is_done else Spinner("dots")
            candidates = f"{status.num_done}/{status.num_candidates}"
            table.add_row(mark, Text(name, style="bold"), candidates, Text(self._note(status), style="dim"))
        return table

    def _note(self, status: _StageStatus) -> str:
        if status.chosen is not None:
            return status.chosen
        if status.round:
            return f"round {status.round}: {status.num_decided} of {status.num_matches} matches decided"
        return "sampling candidates"


def describe_event(event: dict[str, Any], *, is_verbose: bool = False) -> str | None:
    """Say an event in one line, or return None for one that needs no line."""
    stage = event.get("stage")
    match event["type"]:
        case "stage_started":
            # A single one is told when it is done, and a model that cannot be loaded in one line.
            if event["num_candidates"] == 1:
                return None
            return f"{stage}: sampling {_count(event['num_candidates'], 'candidate')}"
        case "candidate":
            return f"{stage}: candidate {event['index'] + 1} done, {_count(event['tokens'], 'token')}"
        case "round":
            return f"{stage}: round {event['round']}, {_count(event['num_matches'], 'match', 'matches')}"
        case "match":
            loser = event["second"] if event["winner"] == event["first"] else event["first"]
            unread = "" if event["is_read"] else " (the verdict could not be read)"
            return f"{stage}: candidate {event['winner'] + 1} beat candidate {loser + 1}{unread}"
        case "scores":
            return f"{stage}: {_count(len(event['scores']), 'candidate')} scored"
        case "winner":
            text = event["text"] if is_verbose else _excerpt(event["text"])
            return f"{stage}: chose candidate {event['index'] + 1}: {text}"
    return None


def _count(number: int, singular: str, plural: str | None = None) -> str:
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def _excerpt(text: str) -> str:
    from langchain_llava_o1.staging.transcript import parse_transcript

    transcript = parse_transcript(text)
    body = transcript.stages[-1].body if transcript.stages else text
    line = " ".join(body.split())
    return line if len(line) <= _MAX_EXCERPT else f"{line[: _MAX_EXCERPT - 1]}…"
