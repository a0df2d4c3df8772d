"""Judges whose prompt does not fit: a search with candidates that never end is not lost for it."""

import pytest
from langchain_core.exceptions import ContextOverflowError
from langchain_core.messages import AIMessage, HumanMessage

from langchain_llava_o1.errors import ContextLengthError
from langchain_llava_o1.judges.critic import CriticJudge
from langchain_llava_o1.judges.generative import GenerativeJudge
from langchain_llava_o1.judges.judge import Comparison
from langchain_llava_o1.search.stage_beam import create_stage_beam
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.stages import STAGES
from tests.scripted_model import Call, Reply, ScriptedModel

COMPARISON = Comparison(StagePart(STAGES[1]), (HumanMessage("How many cats?"),), "Cat 3.", "Cat 4.")


def refuse(call: Call) -> Reply:
    raise ContextLengthError("The prompt has 5,000 tokens; at most 4,096 fit.")


@pytest.mark.parametrize("error", [ContextLengthError, ContextOverflowError])
@pytest.mark.parametrize("judge_type", [GenerativeJudge, CriticJudge])
async def test_a_prompt_that_does_not_fit_is_no_verdict(
    error: type[Exception], judge_type: type[GenerativeJudge] | type[CriticJudge]
) -> None:
    def overflow(call: Call) -> Reply:
        raise error("The prompt has 5,000 tokens; at most 4,096 fit.")

    judge = judge_type(ScriptedModel(judge=overflow, write=overflow))
    verdict = judge.compare(COMPARISON)
    assert verdict.choice is None
    assert "too long. The prompt has 5,000 tokens; at most 4,096 fit." in verdict.text
    assert await judge.acompare(COMPARISON) == verdict


async def test_a_search_goes_on_without_those_verdicts() -> None:
    graph = create_stage_beam(ScriptedModel(judge=refuse)).compile()
    state = await graph.ainvoke(
        {"messages": [HumanMessage("How many cats?")]},
        context={"candidates": 2, "seed": 1, "needs_picture": False},
    )
    assert isinstance(state["messages"][-1], AIMessage)
    decided = {match["decided_by"] for record in state["stages"].values() for match in record["matches"]}
    assert decided == {"unreadable"}
