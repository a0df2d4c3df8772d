"""The majority of conclusions, by what they mean."""

from collections.abc import Sequence
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from langchain_llava_o1.judges.judge import ScoringJudge
from langchain_llava_o1.judges.reward import RewardJudge
from langchain_llava_o1.search.self_consistency import create_self_consistency
from langchain_llava_o1.staging.stages import STAGES
from tests.scripted_model import Call, Reply, ScriptedModel
from tests.search.questions import ask


def search(
    conclusions: list[str], logprobs: Sequence[float | None] | None = None, judge: ScoringJudge | None = None
) -> str:
    """Let answers have these conclusions, in the order of candidates."""

    def write(call: Call) -> Reply:
        index = len(model.calls) - 1
        text = "".join(stage.wrap(f"about {index}") for stage in STAGES[:-1]) + STAGES[-1].wrap(
            conclusions[index]
        )
        metadata: dict[str, Any] = {"finish_reason": "stop"}
        if logprobs:
            metadata["mean_logprob"] = logprobs[index]
        return AIMessage(text, response_metadata=metadata)

    model = ScriptedModel(write=write)
    graph = create_self_consistency(model, judge=judge, continuation="prefill").compile()
    state = graph.invoke(ask(), {"max_concurrency": 1}, context={"candidates": len(conclusions)})
    return str(state["messages"][-1].text)


def test_the_majority_wins() -> None:
    assert search(["4", "3", "Three.", "5", "The answer is 3."]) in ("3", "Three.", "The answer is 3.")


def test_confidence_breaks_a_tie_but_no_majority() -> None:
    assert search(["4", "3", "4", "3", "5"], [-0.5, -0.4, -0.6, -0.9, -0.1]) == "3"
    assert search(["4", "4", "3"], [-0.5, -0.6, -0.1]) == "4"
    assert search(["4", "3"], [None, -9.0]) == "3"


def test_without_log_probabilities_the_first_of_a_tie_wins() -> None:
    assert search(["4", "3"]) == "4"


def test_another_judge_may_break_ties() -> None:
    judge = RewardJudge(lambda messages: float("<CONCLUSION>3" in str(messages[-1].text)))
    assert search(["4", "3"], [-0.1, -0.9], judge) == "3"


@pytest.mark.parametrize("logprobs", [None, [-0.5]])
def test_one_answer_is_the_answer(logprobs: list[float] | None) -> None:
    assert search(["4"], logprobs) == "4"
