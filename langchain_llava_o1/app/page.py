"""The page: a picture and a question, one search to watch, or two to compare."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from langchain_core.language_models import BaseChatModel

from langchain_llava_o1.app.asking import show_search
from langchain_llava_o1.app.form import add_settings, read_strategy
from langchain_llava_o1.app.question import add_question
from langchain_llava_o1.app.scripts import PRESS_START, TELL_PLACE, bring_into_view, fold_on_phones
from langchain_llava_o1.app.session import Session, draw_again, report_file
from langchain_llava_o1.app.stopping import until_stopped
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.report.page import read_search_style, render_search
from langchain_llava_o1.search.catalogue import DEFAULT_SEARCH

if TYPE_CHECKING:
    from gradio import Blocks
    from gradio.themes.base import Base

_COMPARED_SEARCH = "best-of-n"
_SECONDS_PICTURES_ARE_KEPT = 3600
_COLUMN_WIDTH = 320

_HELP = (
    "Every stage of an answer is drawn several times, and a judge keeps the best. Point at a match, or go to "
    "it with the Tab key, to read why."
)


class _Buttons(NamedTuple):
    """What starts and stops searches."""

    start: Any
    stop: Any


@dataclass(frozen=True)
class _Shown:
    """Where a search is shown.

    Attributes:
        drawing: The search itself.
        report: The button that downloads its report, hidden until there is one.
    """

    drawing: Any
    report: Any


def create_page(model: BaseChatModel) -> "Blocks":
    """Build the page, not yet served.

    Args:
        model: The chat model that answers; its weights are loaded with the first question.

    Raises:
        ConfigurationError: If Gradio is missing.
    """
    gradio = import_gradio()
    with gradio.Blocks(
        title="LLaVA-o1",
        analytics_enabled=False,
        fill_width=True,
        delete_cache=(_SECONDS_PICTURES_ARE_KEPT, _SECONDS_PICTURES_ARE_KEPT),
    ) as page:
        gradio.HTML(f"<style>{read_search_style()}</style>", apply_default_css=False)
        gradio.Markdown(f"# LLaVA-o1\n{_HELP}")
        session = gradio.State(Session())
        question = add_question(gradio)
        with gradio.Tabs():
            with gradio.Tab("Ask"):
                with gradio.Accordion("Settings") as folded:
                    settings = add_settings(gradio, DEFAULT_SEARCH)
                with gradio.Row():
                    ask = _add_buttons(gradio, "Ask")
                    report = _add_report(gradio)
                only = _Shown(_add_drawing(gradio, "search"), report)
            with gradio.Tab("Compare"):
                with gradio.Row(equal_height=False):
                    first_folded, first = _add_side(gradio, "first", DEFAULT_SEARCH)
                    second_folded, second = _add_side(gradio, "second", _COMPARED_SEARCH)
                with gradio.Row():
                    compare = _add_buttons(gradio, "Compare")
                with gradio.Row(equal_height=False):
                    both = [_add_shown(gradio, name) for name in ("first", "second")]
        earlier = gradio.HTML("", apply_default_css=False, elem_id="earlier", js_on_load=TELL_PLACE)
        again = _add_shown(gradio, "again", is_every_time=True)

        _listen(gradio, ask, model, [session, *question, *settings], [only], earlier)
        _listen(gradio, compare, model, [session, *question, *first, *second], both, earlier)
        question.text.submit(None, js=PRESS_START, api_visibility="private")
        earlier.click(
            _show_again(gradio),
            [session],
            [again.drawing, again.report],
            show_progress="hidden",
            api_visibility="private",
        )
        folded_on_phones = [folded, first_folded, second_folded]
        page.load(
            None, None, folded_on_phones, js=fold_on_phones(len(folded_on_phones)), api_visibility="private"
        )
    return page  # type: ignore[no-any-return]


def create_theme() -> "Base":
    """Return the page's theme, with the reader's own fonts."""
    gradio = import_gradio()
    theme = gradio.themes.Base(
        primary_hue="blue",
        neutral_hue="slate",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    return theme  # type: ignore[no-any-return]


def import_gradio() -> Any:
    """Return Gradio.

    Raises:
        ConfigurationError: If it is missing.
    """
    try:
        import gradio
    except ImportError as error:
        raise ConfigurationError('The app needs Gradio: pip install "langchain-llava-o1[app]".') from error
    return gradio


def _add_side(gradio: Any, name: str, search: str) -> tuple[Any, list[Any]]:
    """Add the settings of one of two searches, in a part that can be folded."""
    with (
        gradio.Column(min_width=_COLUMN_WIDTH),
        gradio.Accordion(f"Settings of the {name} search") as folded,
    ):
        return folded, add_settings(gradio, search)


def _add_buttons(gradio: Any, label: str) -> _Buttons:
    start = gradio.Button(label, variant="primary", scale=0, min_width=140, elem_classes=["start"])
    return _Buttons(start, gradio.Button("Stop", scale=0, min_width=100))


def _add_shown(gradio: Any, name: str, *, is_every_time: bool = False) -> _Shown:
    with gradio.Column(min_width=_COLUMN_WIDTH):
        report = _add_report(gradio)
        return _Shown(_add_drawing(gradio, name, is_every_time=is_every_time), report)


def _add_report(gradio: Any) -> Any:
    return gradio.DownloadButton("Download the report", visible=False, scale=0, min_width=250)


def _add_drawing(gradio: Any, name: str, *, is_every_time: bool = False) -> Any:
    return gradio.HTML(
        "",
        apply_default_css=False,
        elem_id=name,
        min_height=40,
        js_on_load=bring_into_view(is_every_time=is_every_time),
    )


def _listen(
    gradio: Any, buttons: _Buttons, model: BaseChatModel, inputs: list[Any], shown: list[_Shown], earlier: Any
) -> None:
    """Let the buttons start and stop searches, one for each place where one is shown."""
    outputs = [*(each.drawing for each in shown), *(each.report for each in shown)]
    keys = [each.drawing.elem_id for each in shown]
    buttons.start.click(
        _search(gradio, model, keys),
        inputs,
        [*outputs, earlier],
        show_progress="hidden",
        # The model itself queues what it cannot answer at once.
        concurrency_limit=None,
        api_visibility="private",
    )
    buttons.stop.click(_stop(keys[0]), inputs[:1], api_visibility="private")


def _search(gradio: Any, model: BaseChatModel, keys: list[str]) -> Any:
    """Return what runs a search for each key, one after the other, so that none takes the others' time."""

    async def search(
        session: Session, picture: str | None, question: str, *settings: Any
    ) -> AsyncIterator[list[Any]]:
        stop = session.running[keys[0]] = asyncio.Event()
        drawings = [_say(key, "Waits for the other search") for key in keys]
        reports = [gradio.update(visible=False) for _ in keys]
        num_settings = len(settings) // len(keys)
        for place, key in enumerate(keys):
            strategy = read_strategy(*settings[place * num_settings : (place + 1) * num_settings])
            shown = show_search(model, picture, question, strategy, key=key)
            async for drawing in until_stopped(shown, stop):
                drawings[place] = drawing.html
                if drawing.result is None:
                    yield [*drawings, *reports, gradio.skip()]
                    continue
                session.add(strategy, drawing.result)
                with report_file(drawing.result) as path:
                    reports[place] = gradio.update(value=str(path), visible=True)
                    yield [*drawings, *reports, session.draw()]
                reports[place] = gradio.skip()
            if stop.is_set():
                hidden = [gradio.update(visible=False) for _ in keys]
                yield [*(_say(key, "Stopped") for key in keys), *hidden, gradio.skip()]
                return

    return search


def _stop(key: str) -> Any:
    """Return what stops the search that is shown in a place, if one is under way."""

    async def stop(session: Session) -> None:
        if key in session.running:
            session.running[key].set()

    return stop


def _say(key: str, status: str) -> str:
    return render_search((), key=key, status=status, is_busy=False)


def _show_again(gradio: Any) -> Any:
    def show_again(session: Session, event: Any) -> Iterator[list[Any]]:
        result = session.result_at(event.place)
        with report_file(result) as path:
            yield [draw_again(result, key="again"), gradio.update(value=str(path), visible=True)]

    # Gradio goes by the annotation, and is not to be imported with this module.
    show_again.__annotations__["event"] = gradio.EventData
    return show_again
