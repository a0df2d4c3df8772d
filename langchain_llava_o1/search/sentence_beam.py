"""Sentence-level beam search: sample N next sentences, keep the best, repeat until the answer is complete.

Source: LLaVA-o1 (arXiv 2411.10440), section 3.3, which compares it with the search by stages. Each turn of
the loop is a step over the next sentence of the stage that is open, or of the next stage.
"""

from typing import Literal

from langgraph.graph import END
from langgraph.types import Command
from pydantic import Field

from langchain_llava_o1.judges.chat_model import ChatModel
from langchain_llava_o1.judges.function import JudgeLike
from langchain_llava_o1.search.answer import is_finished
from langchain_llava_o1.search.builder import SearchBuilder, SearchGraph, give_answer, select_by_any
from langchain_llava_o1.search.sampling import Continuation
from langchain_llava_o1.search.settings import ComparisonSettings, SearchSettings
from langchain_llava_o1.search.state import SearchState
from langchain_llava_o1.search.step_plan import StepPlan
from langchain_llava_o1.staging.parts.answer import rest_of_answer
from langchain_llava_o1.staging.parts.sentence import SentencePart
from langchain_llava_o1.staging.parts.tags import missing_stages


class SentenceBeamSettings(SearchSettings):
    """What the search obeys, whatever its judge."""

    max_sentences: int = Field(
        default=100, ge=1, le=1000, description="Most sentences of an answer; the rest is written in one go."
    )
    max_tokens_per_sentence: int = Field(
        default=256, ge=1, le=32_768, description="Most tokens one candidate of a sentence may have."
    )


class SentenceBeamContext(SentenceBeamSettings, ComparisonSettings):
    """Settings of one sentence-level beam search, given as ``context=`` when the graph runs."""


def create_sentence_beam(
    model: ChatModel, *, judge: JudgeLike | None = None, continuation: Continuation | None = None
) -> SearchGraph:
    """Build the graph of a sentence-level beam search, uncompiled.

    The model's replies are read as they come, and stopped where their first sentence ends.

    Args:
        model: Any LangChain chat model.
        judge: As for ``create_stage_beam``; it judges a stage up to the sentence that was drawn.
        continuation: As for ``create_stage_beam``.

    Raises:
        ConfigurationError: If ``judge`` is not a judge, or there is no such continuation.
    """
    builder = SearchBuilder.of(model, select_by_any(judge), continuation, SentenceBeamSettings)
    graph = builder.begin("sentence")
    graph.add_node("sentence", builder.step("sentence", _plan))
    graph.add_node("next", go_on, destinations={"sentence": "not complete", "answer": "complete"})
    graph.add_node("answer", give_answer)
    graph.add_edge("sentence", "next")
    graph.add_edge("answer", END)
    return graph


def go_on(state: SearchState) -> Command[Literal["sentence", "answer"]]:
    """Draw another sentence, until the answer is complete."""
    return Command(goto="answer" if is_finished(state["beams"][0]) else "sentence")


def _plan(state: SearchState, settings: SentenceBeamSettings) -> StepPlan:
    stages = missing_stages(state["beams"][0]["text"])
    number = len(state["stages"]) + 1
    if number > settings.max_sentences:
        return StepPlan("rest", rest_of_answer(stages), state["beams"], 1)
    part = SentencePart(stages[0], settings.max_tokens_per_sentence)
    return StepPlan(f"sentence {number}", part, state["beams"], settings.candidates)
