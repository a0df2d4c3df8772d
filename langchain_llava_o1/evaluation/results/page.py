"""Answers as one HTML page that needs nothing else: no network, no script, no further file."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from langchain_llava_o1.data.annotation.spending import Price
from langchain_llava_o1.evaluation.accuracy import wilson_interval
from langchain_llava_o1.evaluation.published import PUBLISHED_CONDITIONS, PUBLISHED_IN
from langchain_llava_o1.evaluation.results import charts, radar
from langchain_llava_o1.evaluation.results.disagreements import choose_disagreements, show_items
from langchain_llava_o1.evaluation.results.grading_cost import GradingCost
from langchain_llava_o1.evaluation.results.measured_run import MeasuredRun
from langchain_llava_o1.evaluation.results.overview import Overview, create_overview
from langchain_llava_o1.evaluation.results.section import Section, create_section
from langchain_llava_o1.report.page import create_environment, read_search_style

_FOLDER = Path(__file__).parent


def render_run(runs: Sequence[MeasuredRun], *, grading: GradingCost | None, items: int) -> str:
    """Write the page. All that models and benchmarks say is text, never markup.

    Args:
        runs: The benchmarks, at least one.
        grading: What graders took; None where none were asked.
        items: How many items it shows at most.
    """
    series = list(dict.fromkeys(cell.run.name for run in runs for cell in run.cells))
    chosen = choose_disagreements(runs, items)
    sections = []
    for place, run in enumerate(runs):
        key = f"benchmark-{place + 1}"
        numbers = [each.number for each in chosen if each.run == place]
        shown = show_items(run, numbers, key=key)
        sections.append(create_section(run, key=key, series=series, items=shown))
    overview = create_overview(runs) if len(runs) > 1 else None
    page = (
        _environment()
        .get_template("run.html")
        .render(
            # The package's own files: all that comes from elsewhere is escaped.
            style=Markup(_style(sections)),
            title=_title(runs),
            sections=sections,
            overview=overview,
            has_published=_has_published(overview, sections),
            published_in=PUBLISHED_IN,
            published_conditions=PUBLISHED_CONDITIONS,
            prices=_prices(runs),
            grading=grading,
        )
    )
    # An answer may hold what is no text in any encoding.
    return page.encode("utf-8", "replace").decode("utf-8")


def _title(runs: Sequence[MeasuredRun]) -> str:
    models = list(dict.fromkeys(cell.run.heading.model for run in runs for cell in run.cells))
    # With two values of an option, a benchmark is there twice.
    names = list(dict.fromkeys(run.run.heading.benchmark for run in runs))
    asked = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{', '.join(models)} on {asked}"


def _prices(runs: Sequence[MeasuredRun]) -> dict[Price, str]:
    """Return the folders that have each price, by what tells them from others."""
    origins: dict[Price, list[str]] = {}
    for cell in (cell.run for run in runs for cell in run.cells):
        if cell.price:
            origins.setdefault(cell.price, []).append(cell.origin)
    return {price: " and ".join(dict.fromkeys(found)) for price, found in origins.items()}


def _style(sections: Sequence[Section]) -> str:
    own = (_FOLDER / "run.css").read_text(encoding="utf-8")
    return read_search_style() + own + "\n".join(rule for each in sections for rule in each.rules)


def _has_published(overview: Overview | None, sections: Sequence[Section]) -> bool:
    return any(section.published for section in sections) or bool(overview and overview.published)


@cache
def _environment() -> Environment:
    environment = create_environment(_FOLDER / "templates")
    environment.globals.update(chart_size=charts, radar_size=radar)
    environment.filters.update(
        percent=lambda share: f"{share:.1%}",
        points=_format_points,
        p_value=lambda value: "p < 0.001" if value < 0.001 else f"p = {value:.3f}",
        interval=lambda found: wilson_interval(found.accuracy * found.items, found.items),
    )
    return environment


def _format_points(difference: float) -> str:
    return f"{difference * 100:+.1f}".replace("-", "−")
