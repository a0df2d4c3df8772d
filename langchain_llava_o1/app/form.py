"""The settings of a search in the page: fields that offer what it obeys, read as a strategy."""

from typing import Any

from langchain_llava_o1.judges.catalogue import JUDGES
from langchain_llava_o1.search.catalogue import SEARCHES, find_search
from langchain_llava_o1.search.strategy import Strategy

_OWN_JUDGE = "the search's own"
_NUM_CANDIDATES = 4
_MIN_WIDTH = 220


def add_settings(gradio: Any, search: str) -> list[Any]:
    """Add the fields of a search's settings to the page.

    Args:
        gradio: Gradio.
        search: Name of the search that is chosen at first.

    Returns:
        The fields, in the order in which ``read_strategy`` takes their values.
    """
    with gradio.Row():
        strategies = gradio.Dropdown(list(SEARCHES), value=search, label="Strategy", min_width=_MIN_WIDTH)
        judges = gradio.Dropdown(_judges_of(search), value="", label="Judge", min_width=_MIN_WIDTH)
        # Without bounds, which Gradio would tell in a notice that goes away: the search refuses what it
        # does not take, in the place of the answer.
        candidates = gradio.Number(
            _NUM_CANDIDATES, label="Candidates", placeholder=str(_NUM_CANDIDATES), min_width=_MIN_WIDTH
        )
        # Text, since Gradio fills a field for numbers that is to be empty with a 0.
        seed = gradio.Textbox("", label="Seed", placeholder="a fresh one", max_lines=1, min_width=_MIN_WIDTH)

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


def read_strategy(search: str, judge: str, candidates: float | None, seed: str) -> Strategy:
    """Read the fields as a strategy; whether the search takes the values is not looked at."""
    given: dict[str, Any] = {}
    # What the form hides from searches that have nothing to choose from keeps its value.
    has_candidates = find_search(search).has_candidates
    if has_candidates:
        given["candidates"] = _NUM_CANDIDATES if candidates is None else candidates
    if seed.strip():
        given["seed"] = seed.strip()
    return Strategy(search, judge if judge and has_candidates else None, given)


def _judges_of(search: str) -> list[tuple[str, str]]:
    """List the judges that a search takes, its own first, as a label and a value each.

    Those that need a model of their own are left out: the page has no field for it.
    """
    takes = find_search(search).takes
    names = [entry.name for entry in JUDGES.values() if entry.own_model is None and takes(entry.name)]
    return [(_OWN_JUDGE, ""), *((name, name) for name in names)]
