"""The answer in the stream of messages, for chat pages: stages as they are accepted, then the conclusion.

All are chunks of the one message that the search ends in: hidden stages as reasoning blocks, the conclusion
as text, word by word. What is shown is settled: nothing of it is taken back.
"""

import re
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import set_config_context
from langgraph.graph.message import push_message

from langchain_llava_o1.search.events import Reporter, SearchEvent
from langchain_llava_o1.staging.stages import STAGES, Stage, find_stage
from langchain_llava_o1.staging.transcript import StageText, parse_transcript

_WORD = re.compile(r"\s*\S+\s*")


def show_answer(text: str, message_id: str, config: RunnableConfig, *, num_shown: int) -> int:
    """Show the stages of an answer that are complete and have not been shown.

    Args:
        text: The answer as far as it is settled, in tags.
        message_id: Id of the message that the answer will be.
        config: The running node's configuration.
        num_shown: How many stages have been shown.

    Returns:
        How many have been shown now.
    """
    closed = complete_stages(text)
    for found in closed[num_shown:]:
        pieces = _WORD.findall(found.body) if found.stage.is_visible else [found.body]
        for piece in pieces:
            _push(found.stage, piece, message_id, config)
    return max(num_shown, len(closed))


def complete_stages(text: str) -> list[StageText]:
    """Return the stages of an answer that are complete."""
    return [found for found in parse_transcript(text).stages if found.is_closed]


def show_text_of(report: Reporter, message_id: str, config: RunnableConfig) -> Reporter:
    """Return a reporter that also shows text as it is written: of a step that draws one candidate."""

    def show(event: SearchEvent) -> None:
        if event["type"] == "text":
            _push(find_stage(event["stage"]), event["text"], message_id, config)
        report(event)

    return show


def content_block(stage: Stage, text: str) -> dict[str, Any]:
    """Return the block of the message's content that a stage's text is."""
    name = "text" if stage.is_visible else "reasoning"
    return {"type": name, name: text, "index": STAGES.index(stage)}


def _push(stage: Stage, text: str, message_id: str, config: RunnableConfig) -> None:
    chunk = AIMessageChunk(content=[content_block(stage, text)], id=message_id)
    with set_config_context(config) as context:
        context.run(push_message, chunk, state_key=None)
