"""What a search is given, what it keeps, and what it returns."""

import operator
from typing import Annotated, Any, NotRequired

from langchain_core.messages import AnyMessage
from langgraph.graph.message import add_messages
from langgraph.graph.ui import AnyUIMessage, ui_message_reducer
from pydantic import Field
from typing_extensions import TypedDict

from langchain_llava_o1.search.records import Beam, StageRecord


class QuestionInput(TypedDict):
    """A question by itself, and its picture."""

    question: NotRequired[
        Annotated[str | None, Field(description="What to answer; asked after `messages`, if there are any.")]
    ]
    image: NotRequired[
        Annotated[
            str | None,
            Field(
                description="The picture that `question` is about: base64, a data URL, or, where they are "
                "allowed, an https URL or a path."
            ),
        ]
    ]


class SearchInput(QuestionInput):
    """What a search is given: a conversation whose last message is the question, or question and picture."""

    messages: NotRequired[Annotated[list[AnyMessage], add_messages]]


class SearchOutput(TypedDict):
    """What a search returns: the conversation with the answer, and how each stage came about.

    ``stages`` has a record for each step, in order, by its name: a stage's, "answer" where whole answers were
    drawn, or a stage's or "sentence" with a number where there were several. ``settings`` are those of this
    run, its seed included, so that it can be repeated; a resumed run goes on with them. ``ui`` has accepted
    stages of all turns as UI messages, where runs asked for them (``ui_messages.py``).
    """

    messages: Annotated[list[AnyMessage], add_messages]
    stages: Annotated[dict[str, StageRecord], operator.or_]
    settings: dict[str, Any]
    # Not a list alone, which would be there, empty, where no run asked for it.
    ui: NotRequired[Annotated[list[AnyUIMessage] | None, ui_message_reducer]]


class SearchState(SearchOutput):
    """State of a search.

    ``beams`` are the answers as far as they go, the best first; ``started`` is when the search began, in
    seconds since the epoch; ``limit`` is the name of the limit that it reached, or None; ``answer_id`` is the
    id of the message that the answer will be, of which ``num_shown`` stages were streamed.
    """

    beams: list[Beam]
    started: float
    limit: str | None
    answer_id: str
    num_shown: int
