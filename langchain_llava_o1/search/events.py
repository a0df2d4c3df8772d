"""Progress of a search, as written to ``stream_mode="custom"``.

``stage`` is the name of a stage or of whatever else candidates are drawn for: "answer", "sentence 3",
"caption 2". Of a text event it is the stage that the text belongs to.

Text is told as it is written where a step draws a single candidate, and only if a run is asked to:
``config={"configurable": {"stream_text": True}}``.
"""

from collections.abc import Callable
from typing import Literal

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import set_config_context
from langgraph.config import get_stream_writer
from typing_extensions import TypedDict


class StageStarted(TypedDict):
    """A stage begins to sample."""

    type: Literal["stage_started"]
    stage: str
    num_candidates: int


class CandidateSampled(TypedDict):
    """One candidate of a stage is there."""

    type: Literal["candidate"]
    stage: str
    index: int
    tokens: int
    finish_reason: str


class RoundStarted(TypedDict):
    """A knock-out round begins, all its matches at once."""

    type: Literal["round"]
    stage: str
    round: int
    num_matches: int


class MatchDecided(TypedDict):
    """One match has a winner. Numbers are candidate indices."""

    type: Literal["match"]
    stage: str
    round: int
    first: int
    second: int
    winner: int
    is_read: bool


class CandidatesScored(TypedDict):
    """A judge has scored all candidates; scores are by candidate index, None where the judge has none."""

    type: Literal["scores"]
    stage: str
    scores: list[float | None]


class TextWritten(TypedDict):
    """A step's only candidate goes on, by so much text of a stage; never a tag or a part of one."""

    type: Literal["text"]
    stage: str
    text: str


class WinnerSelected(TypedDict):
    """A stage is over."""

    type: Literal["winner"]
    stage: str
    index: int
    text: str


SearchEvent = (
    StageStarted
    | CandidateSampled
    | RoundStarted
    | MatchDecided
    | CandidatesScored
    | TextWritten
    | WinnerSelected
)

Reporter = Callable[[SearchEvent], None]


STREAM_TEXT = "stream_text"
"""What a run's ``configurable`` has as true for text to be told as it is written."""


def wants_text(config: RunnableConfig) -> bool:
    """Tell whether a run asks for text as it is written."""
    return bool(config.get("configurable", {}).get(STREAM_TEXT))


def reporter_of(config: RunnableConfig) -> Reporter:
    """Return what writes events to the custom stream of the graph whose node runs now.

    A subgraph's own writer marks events as the subgraph's, and a stream that did not ask for subgraphs drops
    them. This one may be handed into subgraphs.

    Args:
        config: The running node's configuration.
    """
    write = get_stream_writer()

    def report(event: SearchEvent) -> None:
        with set_config_context(config) as context:
            context.run(write, event)

    return report
