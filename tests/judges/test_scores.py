"""Judges that give every candidate a number."""

import math
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import RunnableLambda

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.confidence import ConfidenceJudge
from langchain_llava_o1.judges.judge import Entry, Scoring
from langchain_llava_o1.judges.reward import RewardJudge
from langchain_llava_o1.search.swires import create_swires
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.stages import STAGES
from tests.scripted_model import ScriptedModel
from tests.search.questions import ask
from tests.search.writers import write_staged

QUESTION = HumanMessage("How many?")
SUMMARY = AIMessage("<SUMMARY>s</SUMMARY>")


def scoring(*entries: Entry) -> Scoring:
    return Scoring(StagePart(STAGES[1]), entries)


async def test_confidence_is_the_mean_log_probability() -> None:
    asked = scoring(Entry((QUESTION,), "a", -0.5), Entry((QUESTION,), "b", -0.25))
    assert ConfidenceJudge().score_candidates(asked) == [-0.5, -0.25]
    assert await ConfidenceJudge().ascore_candidates(asked) == [-0.5, -0.25]


async def test_a_candidate_of_which_nothing_is_told_scores_last() -> None:
    asked = scoring(Entry((QUESTION,), "a", None), Entry((QUESTION,), "b", -90.0))
    assert ConfidenceJudge().score_candidates(asked) == [-math.inf, -90.0]
    assert await ConfidenceJudge().ascore_candidates(asked) == [-math.inf, -90.0]


async def test_a_model_that_tells_nothing_at_all_is_an_error() -> None:
    asked = scoring(Entry((QUESTION,), "a", None), Entry((QUESTION,), "b", None))
    with pytest.raises(ConfigurationError, match="tells none for any of the 2"):
        ConfidenceJudge().score_candidates(asked)
    with pytest.raises(ConfigurationError, match="tells none for any of the 2"):
        await ConfidenceJudge().ascore_candidates(asked)


@pytest.mark.parametrize(
    ("own", "score", "goes_back"), [(None, 0.4, False), (0.5, 0.4, True), (0.5, 0.6, False)]
)
def test_a_judge_may_tell_swires_when_to_go_back(own: float | None, score: float, goes_back: bool) -> None:
    def reward(messages: list[BaseMessage]) -> float:
        return score

    if own is not None:
        reward.default_cutoff = own  # type: ignore[attr-defined]
    graph = create_swires(
        ScriptedModel(write=write_staged), judge=RewardJudge(reward), continuation="prefill"
    ).compile()
    state = graph.invoke(ask(), context={"seed": 1})
    assert ("caption 2" in state["stages"]) == goes_back
    # What is given counts more.
    given = graph.invoke(ask(), context={"seed": 1, "cutoff": 0.7, "retraces": 1})
    assert "caption 2" in given["stages"]


async def test_a_reward_sees_the_question_and_the_answer_so_far() -> None:
    seen: list[list[BaseMessage]] = []

    def reward(messages: list[BaseMessage]) -> float:
        seen.append(messages)
        return len(str(messages[-1].text))

    asked = scoring(
        Entry((QUESTION, SUMMARY), "<CAPTION>a</CAPTION>", None),
        Entry((QUESTION,), "<CAPTION>bb</CAPTION>", None),
    )
    for judge in (RewardJudge(reward), RewardJudge(RunnableLambda(reward))):
        seen.clear()
        assert judge.score_candidates(asked) == [42.0, 21.0]
        assert await judge.ascore_candidates(asked) == [42.0, 21.0]
        texts = {(str(messages[0].text), str(messages[-1].text), len(messages)) for messages in seen}
        assert texts == {
            ("How many?", "<SUMMARY>s</SUMMARY>\n\n<CAPTION>a</CAPTION>", 2),
            ("How many?", "<CAPTION>bb</CAPTION>", 2),
        }


def test_a_runnable_is_given_all_candidates_at_once() -> None:
    class Reward(RunnableLambda[Any, float]):
        def batch(self, inputs: Any, config: Any = None, **kwargs: Any) -> list[float]:
            return [float(len(inputs))] * len(inputs)

    asked = scoring(*(Entry((QUESTION,), "a", None) for _ in range(3)))
    assert RewardJudge(Reward(lambda messages: 0.0)).score_candidates(asked) == [3.0] * 3


def test_what_is_no_reward() -> None:
    with pytest.raises(ConfigurationError, match="got float"):
        RewardJudge(0.5)  # type: ignore[arg-type]


async def test_a_coroutine_function_is_awaited() -> None:
    async def reward(messages: list[BaseMessage]) -> float:
        return 0.5

    asked = scoring(Entry((QUESTION,), "a", None))
    assert await RewardJudge(reward).ascore_candidates(asked) == [0.5]  # type: ignore[arg-type]
