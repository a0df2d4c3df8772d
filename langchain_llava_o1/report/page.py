"""A search's result as one HTML page that needs nothing else: no network, no script, no further file."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from langchain_core.messages.ai import UsageMetadata
from markupsafe import Markup

from langchain_llava_o1.pictures.blocks import data_url_of
from langchain_llava_o1.report.outcome import Outcome
from langchain_llava_o1.report.step import (
    Paragraph,
    ShownStep,
    describe_decision,
    loser_of,
    read_paragraphs,
    show_step,
)
from langchain_llava_o1.staging.stages import STAGES

_FOLDER = Path(__file__).parent
_TEMPLATES = _FOLDER / "templates"
_MAX_TITLE = 70
_SECONDS_PER_TURN = 0.9
_PICTURE_DATA_URL = re.compile(r"data:image/[a-z0-9.+-]+;base64,")

_FINISH_REASONS = {
    "length": "The answer was cut off at the limit of tokens.",
    "untagged": "The model reached no conclusion; the answer is its text as it is.",
}
_LIMITS = ("max_calls", "max_tokens_total", "max_seconds")


@dataclass(frozen=True)
class Picture:
    """A picture of the question.

    Attributes:
        data_url: The picture itself, or None where the page is not to show it.
        location: What is known where there is no picture to show: an address, as text.
    """

    data_url: str | None
    location: str


@dataclass(frozen=True)
class Expense:
    """What a search spent of one kind.

    Attributes:
        name: What was spent.
        spent: How much, as text.
        limit: How much it was to spend at most, as text; None without such a limit.
        percent: How much of the limit that is, up to 100.
        is_reached: Whether this limit ended the search early.
    """

    name: str
    spent: str
    limit: str | None
    percent: float
    is_reached: bool


@dataclass(frozen=True)
class EarlierAnswer:
    """An answer in a list of them.

    Attributes:
        question: What was asked.
        answer: The conclusion.
        strategy: How it was answered, in a line.
    """

    question: str
    answer: str
    strategy: str


def render_page(result: Outcome) -> str:
    """Write the page of a result."""
    steps = [
        show_step(name, record, settings=result.settings, limit=result.limit)
        for name, record in result.stages.items()
    ]
    title = " ".join(result.question.split()) or "A search"
    return _template("page.html").render(
        title=title if len(title) <= _MAX_TITLE else f"{title[: _MAX_TITLE - 1]}…",
        # The package's own file: all that comes from elsewhere is escaped.
        style=Markup(read_style()),
        result=result,
        pictures=[_read_picture(block) for block in result.pictures],
        stages=_accepted_stages(result),
        warning=_FINISH_REASONS.get(result.finish_reason),
        steps=steps,
        expenses=_expenses(result),
        tokens_read=_describe_tokens_read(result.usage),
        settings={name: value for name, value in result.settings.items() if name not in _LIMITS},
    )


def render_frame(result: Outcome) -> str:
    """Write an element that shows the page inside another one, neither touching the other's style."""
    return _template("frame.html").render(page=render_page(result))


def render_search(
    steps: Sequence[ShownStep],
    *,
    key: str,
    status: str = "",
    is_busy: bool = True,
    error: str = "",
    result: Outcome | None = None,
    with_question: bool = False,
) -> str:
    """Write a search, under way or over, as a part of another page; ``read_search_style`` has its style.

    Args:
        steps: As far as they are known.
        key: Tells its elements from those of other searches in the same page.
        status: What the search does now.
        is_busy: Whether a spinner turns beside the status.
        error: Why there is no answer.
        result: The result, once there is one.
        with_question: Whether the question and its pictures stand with the result.
    """
    return _template("search.html").render(
        steps=steps,
        key=key,
        status=status,
        is_busy=is_busy,
        # A drawing takes the place of the last one, and its spinner goes on from where that one's was.
        turn=f"{time.monotonic() % _SECONDS_PER_TURN:.2f}s",
        error=error,
        result=result,
        stages=_accepted_stages(result) if result else [],
        warning=_FINISH_REASONS.get(result.finish_reason) if result else None,
        expenses=_expenses(result) if result else (),
        pictures=[_read_picture(block) for block in result.pictures] if result and with_question else [],
        with_question=with_question,
    )


def render_earlier(answers: Sequence[EarlierAnswer]) -> str:
    """Write a list of answers, as a part of another page: buttons with their places in ``data-place``."""
    return _template("earlier.html").render(answers=answers)


def read_style() -> str:
    """Return the style of pages and steps."""
    return (_FOLDER / "page.css").read_text(encoding="utf-8")


def read_search_style() -> str:
    """Return the style of searches inside another page."""
    return read_style() + (_FOLDER / "search.css").read_text(encoding="utf-8")


def create_environment(folder: Path) -> Environment:
    """Return what renders the templates of a folder; they may extend and import those of this one."""
    return Environment(
        loader=FileSystemLoader([folder, _TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _environment() -> Environment:
    environment = create_environment(_TEMPLATES)
    environment.filters.update(
        decision=describe_decision, loser=loser_of, score=_format_score, setting=_format_setting
    )
    return environment


def _template(name: str) -> Template:
    return _environment().get_template(name)


def _accepted_stages(result: Outcome) -> list[Paragraph]:
    """Return the stages of the answer, the conclusion last."""
    conclusion = next(stage.name for stage in STAGES if stage.is_visible)
    hidden = [paragraph for paragraph in read_paragraphs(result.reasoning) if paragraph.stage]
    return [*hidden, Paragraph(conclusion, result.answer)]


def _read_picture(block: Mapping[str, Any]) -> Picture:
    """Find a picture's data in a block. What would have to be fetched stays text."""
    url = data_url_of(block)
    if url is not None and _PICTURE_DATA_URL.match(url):
        return Picture(url, location="")
    return Picture(None, str(block.get("url") or block.get("file_id") or ""))


def _expenses(result: Outcome) -> Sequence[Expense]:
    tokens = result.usage["output_tokens"] if result.usage else None
    return (
        _expense("Model calls", result.num_calls, "max_calls", result),
        _expense("Tokens generated", tokens, "max_tokens_total", result),
        _expense("Seconds", round(result.seconds, 1), "max_seconds", result),
    )


def _expense(name: str, spent: float | None, limit_name: str, result: Outcome) -> Expense:
    limit = result.settings.get(limit_name)
    return Expense(
        name=name,
        spent="not told" if spent is None else f"{spent:,}",
        limit=None if limit is None else f"{limit:,}",
        percent=min(100.0, 100 * spent / limit) if spent and limit else 0.0,
        is_reached=result.limit == limit_name,
    )


def _describe_tokens_read(usage: UsageMetadata | None) -> str | None:
    if usage is None:
        return None
    num_cached = usage.get("input_token_details", {}).get("cache_read", 0)
    cached = f", {num_cached:,} of them from a cache" if num_cached else ""
    return f"{usage['input_tokens']:,} tokens were read{cached}."


def _format_score(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _format_setting(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {each}" for name, each in value.items())
    return str(value)
