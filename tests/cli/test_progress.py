"""Progress, live in a terminal and in plain lines elsewhere."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import Result

from langchain_llava_o1.cli.progress import LiveProgress, PlainProgress, create_progress, describe_event
from tests.scripted_model import ScriptedModel

EVENTS: list[dict[str, Any]] = [
    {"type": "stage_started", "stage": "caption", "num_candidates": 2},
    {"type": "candidate", "stage": "caption", "index": 1, "tokens": 1, "finish_reason": "stop"},
    {"type": "candidate", "stage": "caption", "index": 0, "tokens": 12, "finish_reason": "stop"},
    {"type": "round", "stage": "caption", "round": 1, "num_matches": 1},
    {
        "type": "match",
        "stage": "caption",
        "round": 1,
        "first": 1,
        "second": 0,
        "winner": 0,
        "is_read": False,
    },
    {"type": "winner", "stage": "caption", "index": 0, "text": "<CAPTION>two\ncircles</CAPTION>"},
]


def test_every_event_of_a_search_has_a_line() -> None:
    assert [describe_event(event) for event in EVENTS] == [
        "caption: sampling 2 candidates",
        "caption: candidate 2 done, 1 token",
        "caption: candidate 1 done, 12 tokens",
        "caption: round 1, 1 match",
        "caption: candidate 1 beat candidate 2 (the verdict could not be read)",
        "caption: chose candidate 1: two circles",
    ]


def test_a_single_candidate_has_no_line_before_it_is_done() -> None:
    assert describe_event({**EVENTS[0], "num_candidates": 1}) is None
    assert describe_event(EVENTS[2]) is not None


def test_an_unknown_event_has_no_line() -> None:
    assert describe_event({"type": "something new"}) is None


def test_a_long_winner_is_shortened_unless_asked_for() -> None:
    event = {"type": "winner", "stage": "caption", "index": 0, "text": "<CAPTION>" + "w" * 200 + "</CAPTION>"}
    assert len(describe_event(event) or "") < 100
    assert "w" * 200 in (describe_event(event, is_verbose=True) or "")


def test_plain_lines_go_to_standard_error(
    run_command: Callable[..., Result], picture: Path, search_model: ScriptedModel
) -> None:
    result = run_command("ask", picture, "How many?", "--candidates", "2")
    assert "summary: sampling 2 candidates" in result.stderr
    assert "conclusion: round 1, 1 match" in result.stderr
    assert "\x1b" not in result.stderr


def test_progress_is_plain_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert isinstance(create_progress(), PlainProgress)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("kind", "expected"), [("xterm", LiveProgress), ("dumb", PlainProgress)])
def test_progress_is_live_in_a_terminal_that_can(
    monkeypatch: pytest.MonkeyPatch, kind: str, expected: type
) -> None:
    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setenv("TERM", kind)
    assert isinstance(create_progress(), expected)


def drawn(progress: LiveProgress, terminal: Terminal) -> str:
    """Show the table until it is drawn, on leaving at the latest; return what was written."""
    length = len(terminal.getvalue())
    with progress:
        pass
    return terminal.getvalue()[length:]


def test_the_live_table_follows_the_events() -> None:
    terminal = Terminal()
    progress = LiveProgress(Console(file=terminal, force_terminal=True, width=100))
    for event in EVENTS[:2]:
        progress.handle(event)
    assert "1/2" in drawn(progress, terminal)
    for event in EVENTS[2:4]:
        progress.handle(event)
    assert "2/2" in drawn(progress, terminal)
    assert "round 1: 0 of 1 matches decided" in drawn(progress, terminal)
    for event in EVENTS[4:]:
        progress.handle(event)
    assert "two circles" in drawn(progress, terminal)


def test_the_live_table_is_wiped_while_paused_and_drawn_again() -> None:
    terminal = Terminal()
    with LiveProgress(Console(file=terminal, force_terminal=True)) as progress:
        progress.handle(EVENTS[0])
        with progress.pause():
            length = len(terminal.getvalue())
            progress.handle(EVENTS[1])
            assert len(terminal.getvalue()) == length
    assert terminal.getvalue()[length:]


def test_markup_in_a_model_text_is_text() -> None:
    terminal = Terminal()
    progress = LiveProgress(Console(file=terminal, force_terminal=True, width=100))
    progress.handle(EVENTS[0])
    progress.handle({**EVENTS[-1], "text": "<CAPTION>[red]two[/nothing]</CAPTION>"})
    assert "[red]two[/nothing]" in drawn(progress, terminal)
