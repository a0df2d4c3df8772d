from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.function import FunctionJudge, read_judge
from langchain_llava_o1.judges.generative import GenerativeJudge
from langchain_llava_o1.judges.judge import Comparison, PairwiseJudge
from langchain_llava_o1.judges.verdict import Verdict
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.stages import STAGES
from tests.scripted_model import ScriptedModel

COMPARISON = Comparison(StagePart(STAGES[1]), (), "Cat 3.", "Cat 4.")


@pytest.mark.parametrize(
    ("opinion", "choice", "reason"),
    [
        (2, 2, ""),
        ("It counts right. Better: 1", 1, "It counts right."),
        ("Hm.", None, "Hm."),
        (Verdict("v", 2, "why"), 2, "why"),
        (None, None, "The judge named no choice."),
    ],
)
async def test_what_a_function_may_say(opinion: Any, choice: int | None, reason: str) -> None:
    def judge(comparison: Comparison) -> Any:
        assert comparison is COMPARISON
        return opinion

    for function in (judge, RunnableLambda(judge)):
        verdict = FunctionJudge(function).compare(COMPARISON)
        assert (verdict.choice, verdict.reason) == (choice, reason)
        assert verdict == await FunctionJudge(function).acompare(COMPARISON)


@pytest.mark.parametrize("opinion", [0, 3, True, 1.0, ["1"]])
def test_what_it_may_not(opinion: Any) -> None:
    with pytest.raises(ConfigurationError, match="Return 1 or 2"):
        FunctionJudge(lambda comparison: opinion).compare(COMPARISON)


def test_a_chat_model_is_asked_as_a_generative_judge_asks() -> None:
    model = ScriptedModel()
    for given in (model, model.bind(top_p=0.5).with_config(tags=["judge"])):
        judge = read_judge(given)
        assert isinstance(judge, GenerativeJudge)
        assert judge.compare(COMPARISON).choice == 2


async def test_a_coroutine_function_is_awaited() -> None:
    async def judge(comparison: Comparison) -> int:
        return 2

    assert (await FunctionJudge(judge).acompare(COMPARISON)).choice == 2
    with pytest.raises(TypeError, match="ainvoke"):
        FunctionJudge(judge).compare(COMPARISON)


class OnlyMethods:
    def compare(self, comparison: Comparison, config: Any = None) -> Verdict:
        return Verdict("1", 1, "")


def test_what_only_has_the_methods_is_told_what_to_derive_from() -> None:
    with pytest.raises(ConfigurationError, match=r"OnlyMethods.* derives from PairwiseJudge or ScoringJudge"):
        read_judge(OnlyMethods())  # type: ignore[arg-type]


async def test_a_class_needs_the_method_alone() -> None:
    class PrefersFirst(PairwiseJudge):
        def compare(self, comparison: Comparison, config: Any = None) -> Verdict:
            return Verdict("1", 1, "")

    judge = PrefersFirst()
    assert read_judge(judge) is judge
    assert await judge.acompare(COMPARISON) == judge.compare(COMPARISON)
    assert (judge.most_calls(COMPARISON.part), judge.needs_logprobs) == (1, False)
