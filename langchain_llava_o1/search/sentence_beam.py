"""Sentence-level beam search: sample N next sentences, keep the best, repeat until the answer is complete.

Source: LLaVA-o1 (arXiv 2411.10440), section 3.3, which compares it with the search by stages. Each turn of
the loop is a contest over the next sentence of the stage that is open, or of the next stage.
"""

from typing import Literal

from langgraph.graph import END
from langgraph.types import Command

from langchain_llava_o1.judges.function import JudgeLike
from langchain_llava_o1.judges.generative import ChatModel
from langchain_llava_o1.search.answer import is_finished, missing_stages
from langchain_llava_o1.search.context import SentenceBeamContext
from langchain_llava_o1.search.frame import (
    ContestPlan,
    SearchGraph,
    SearchState,
    contest_node,
    give_answer,
    read_means,
    start_search,
)
from langchain_llava_o1.search.sampling import Continuation
from langchain_llava_o1.staging.stages import rest_part, sentence_part


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
        ConfigurationError: If the judge is none, or there is no such continuation.
    """
    means = read_means(model, judge, continuation)
    graph = start_search(means, SearchState, SentenceBeamContext)
    graph.add_node("sentence", contest_node("sentence", means, SentenceBeamContext, _plan))
    graph.add_node("next", go_on, destinations={"sentence": "not complete", "answer": "complete"})
    graph.add_node("answer", give_answer)
    graph.add_edge("ask", "sentence")
    graph.add_edge("sentence", "next")
    graph.add_edge("answer", END)
    return graph


def go_on(state: SearchState) -> Command[Literal["sentence", "answer"]]:
    """Draw another sentence, until the answer is complete."""
    return Command(goto="answer" if is_finished(state["beams"][0]) else "sentence")


def _plan(state: SearchState, settings: SentenceBeamContext) -> ContestPlan:
    stages = missing_stages(state["beams"][0])
    number = len(state["stages"]) + 1
    if number > settings.max_sentences:
        return ContestPlan("rest", rest_part(stages), state["beams"], 1)
    return ContestPlan(f"sentence {number}", sentence_part(stages[0]), state["beams"], settings.candidates)
