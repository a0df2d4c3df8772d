"""Stage-level beam search: at each stage sample N candidates, keep the winner of a knock-out, go on from it.

Source: LLaVA-o1 (arXiv 2411.10440), section 3.3. A node per stage, each a contest (``contest.py``). With
``beams=K`` the search goes on from K candidates of a stage, draws N for each of them, and keeps K of all.
"""

from langgraph.graph import END

from langchain_llava_o1.judges.function import JudgeLike
from langchain_llava_o1.judges.generative import ChatModel
from langchain_llava_o1.search.context import StageBeamContext
from langchain_llava_o1.search.frame import (
    ContestPlan,
    Planner,
    SearchGraph,
    SearchState,
    contest_node,
    give_answer,
    read_means,
    start_search,
)
from langchain_llava_o1.search.sampling import Continuation
from langchain_llava_o1.staging.stages import STAGES, Stage, stage_part


def create_stage_beam(
    model: ChatModel, *, judge: JudgeLike | None = None, continuation: Continuation | None = None
) -> SearchGraph:
    """Build the graph of a stage-level beam search, uncompiled.

    Settings are given with each run and kept with it: ``graph.compile().invoke({"messages": […]},
    context=StageBeamContext(candidates=8))``; a dict with the same names does as well.

    Args:
        model: Any LangChain chat model.
        judge: What decides between candidates: a judge, another chat model, or a function of a
            ``Comparison``; by default how sure the model was of each candidate, where its profile says
            that it tells, else ``model`` itself, asked for a reason and a choice.
        continuation: "prefill" for a model that goes on with an answer that a conversation ends in,
            "instruct" for one that is to be asked for each stage; by default what the model's profile says.

    Raises:
        ConfigurationError: If the judge is none, or there is no such continuation.
    """
    means = read_means(model, judge, continuation)
    graph = start_search(means, SearchState, StageBeamContext)
    last = "ask"
    for stage in STAGES:
        graph.add_node(stage.name, contest_node(stage.name, means, StageBeamContext, _plan(stage)))
        graph.add_edge(last, stage.name)
        last = stage.name
    graph.add_node("answer", give_answer)
    graph.add_edge(last, "answer")
    graph.add_edge("answer", END)
    return graph


def _plan(stage: Stage) -> Planner:
    def plan(state: SearchState, settings: StageBeamContext) -> ContestPlan:
        num_kept = 1 if stage == STAGES[-1] else settings.beams
        num_candidates = settings.num_candidates(stage)
        return ContestPlan(stage.name, stage_part(stage), state["beams"], num_candidates, num_kept)

    return plan
