"""The page: a picture and a question, one search to watch, or two to compare."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel

from langchain_llava_o1.app.asking import show_search
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.catalogue import JUDGES
from langchain_llava_o1.report.page import read_style, render_search
from langchain_llava_o1.search.catalogue import DEFAULT_SEARCH, SEARCHES, find_search
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path

if TYPE_CHECKING:
    from gradio import Blocks
    from gradio.themes.base import Base

_OWN_JUDGE = "the search's own"
_FIRST_JUDGE = "generative"
_COMPARED_SEARCH = "best-of-n"
_SECONDS_PICTURES_ARE_KEPT = 3600
_NUM_CANDIDATES = 4

_HELP = (
    "Every stage of an answer is drawn several times, and a judge keeps the best. Point at a match, or go to "
    "it with the Tab key, to read why."
)


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
        gradio.HTML(f"<style>{read_style()}</style>", apply_default_css=False)
        gradio.Markdown(f"# LLaVA-o1\n{_HELP}")
        with gradio.Row(equal_height=False):
            with gradio.Column(scale=1, min_width=280):
                picture = gradio.Image(
                    label="Picture",
                    type="filepath",
                    image_mode=None,
                    sources=["upload", "clipboard"],
                    height=280,
                    buttons=[],
                    elem_id="picture",
                )
                # The file as it is, for this package to read or to refuse. A subclass would do as well, but
                # Gradio writes a file beside every module that has one.
                picture.preprocess = lambda payload: None if payload is None else payload.path
            with gradio.Column(scale=2, min_width=320):
                question = gradio.Textbox(label="Question", lines=2, max_lines=6, elem_id="question")
                gradio.Examples(
                    [[str(demo_picture_path()), DEMO_QUESTION]],
                    [picture, question],
                    label="Example",
                    api_visibility="private",
                )
        with gradio.Tabs():
            with gradio.Tab("Ask"):
                settings = _settings(gradio, DEFAULT_SEARCH, _FIRST_JUDGE)
                start = gradio.Row()
                shown = _drawing(gradio, "search")
                with start:
                    _run(gradio, "Ask", _ask(model), [picture, question, *settings], [shown])
            with gradio.Tab("Compare"):
                with gradio.Row(equal_height=False):
                    with gradio.Column(min_width=320):
                        first = _settings(gradio, DEFAULT_SEARCH, _FIRST_JUDGE)
                    with gradio.Column(min_width=320):
                        second = _settings(gradio, _COMPARED_SEARCH, None)
                start = gradio.Row()
                with gradio.Row(equal_height=False):
                    with gradio.Column(min_width=320):
                        shown_first = _drawing(gradio, "first")
                    with gradio.Column(min_width=320):
                        shown_second = _drawing(gradio, "second")
                with start:
                    _run(
                        gradio,
                        "Compare",
                        _compare(model),
                        [picture, question, *first, *second],
                        [shown_first, shown_second],
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


def _settings(gradio: Any, search: str, judge: str | None) -> list[Any]:
    width = 220
    with gradio.Row():
        strategies = gradio.Dropdown(list(SEARCHES), value=search, label="Strategy", min_width=width)
        judges = gradio.Dropdown(_judges_of(search), value=judge or "", label="Judge", min_width=width)
        candidates = gradio.Number(
            _NUM_CANDIDATES, minimum=1, maximum=64, precision=0, label="Candidates", min_width=width
        )
        seed = gradio.Number(0, minimum=0, precision=0, label="Seed (empty: a fresh one)", min_width=width)

    def offer(search: str, judge: str) -> list[Any]:
        has_candidates = find_search(search).has_candidates
        choices = _judges_of(search)
        kept = judge if judge in [value for _, value in choices] else ""
        return [
            gradio.update(choices=choices, value=kept, visible=has_candidates),
            gradio.update(visible=has_candidates),
        ]

    strategies.change(
        offer, [strategies, judges], [judges, candidates], show_progress="hidden", api_visibility="private"
    )
    return [strategies, judges, candidates, seed]


def _judges_of(search: str) -> list[tuple[str, str]]:
    """List the judges that a search takes, its own first, as a label and a value each."""
    return [(_OWN_JUDGE, ""), *((name, name) for name in JUDGES if find_search(search).takes(name))]


def _drawing(gradio: Any, name: str) -> Any:
    return gradio.HTML("", apply_default_css=False, elem_id=name, min_height=40)


def _run(gradio: Any, label: str, run: Any, inputs: list[Any], outputs: list[Any]) -> None:
    start = gradio.Button(label, variant="primary", scale=0, min_width=140)
    stop = gradio.Button("Stop", scale=0, min_width=100)
    running = start.click(run, inputs, outputs, show_progress="hidden", api_visibility="private")
    stopped = [render_search((), key=f"stopped-{place}", status="Stopped") for place in range(len(outputs))]
    # One output takes its value bare.
    stop.click(
        lambda: stopped if len(stopped) > 1 else stopped[0],
        outputs=outputs,
        cancels=[running],
        api_visibility="private",
    )


def _ask(model: BaseChatModel) -> Any:
    async def ask(
        picture: str | None,
        question: str,
        search: str,
        judge: str,
        candidates: float | None,
        seed: float | None,
    ) -> AsyncIterator[str]:
        strategy = _read_strategy(search, judge, candidates, seed)
        async for drawing in show_search(model, picture, question, strategy, key="search"):
            yield drawing

    return ask


def _compare(model: BaseChatModel) -> Any:
    async def compare(picture: str | None, question: str, *settings: Any) -> AsyncIterator[tuple[str, str]]:
        # One after the other, so that neither takes the other's time.
        first, second = "", render_search((), key="second", status="Waits for the other search")
        async for first in show_search(model, picture, question, _read_strategy(*settings[:4]), key="first"):
            yield first, second
        async for second in show_search(
            model, picture, question, _read_strategy(*settings[4:]), key="second"
        ):
            yield first, second

    return compare


def _read_strategy(search: str, judge: str, candidates: float | None, seed: float | None) -> Strategy:
    given: dict[str, Any] = {}
    # What the form hides from searches that have nothing to choose from keeps its value.
    has_candidates = find_search(search).has_candidates
    if has_candidates:
        given["candidates"] = _NUM_CANDIDATES if candidates is None else int(candidates)
    if seed is not None:
        given["seed"] = int(seed)
    return Strategy(search, judge if judge and has_candidates else None, given)
