import pytest

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.confidence import ConfidenceJudge
from langchain_llava_o1.judges.function import FunctionJudge
from langchain_llava_o1.judges.generative import GenerativeJudge
from langchain_llava_o1.judges.judge import Comparison
from langchain_llava_o1.judges.voting import VotingJudge
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.stages import STAGES
from tests.scripted_model import USAGE, ScriptedModel

COMPARISON = Comparison(StagePart(STAGES[1]), (), "Cat 3.", "Cat 4.")


@pytest.mark.parametrize(
    ("choices", "choice"),
    [((1, 1, 2), 1), ((2, 1, 2), 2), ((1, 2), None), ((None, 2), 2), ((None, None), None)],
)
async def test_the_majority_chooses(choices: tuple[int | None, ...], choice: int | None) -> None:
    judge = VotingJudge([FunctionJudge(lambda _, own=own: own) for own in choices])
    assert judge.compare(COMPARISON).choice == choice
    assert (await judge.acompare(COMPARISON)).choice == choice


def test_reasons_and_tokens_are_those_of_the_votes() -> None:
    judge = VotingJudge([GenerativeJudge(ScriptedModel())] * 2 + [FunctionJudge(lambda _: 1)])
    verdict = judge.compare(COMPARISON)
    assert verdict.reason == "1 to 2. The numbers differ."
    assert verdict.num_calls == 3
    assert verdict.usage
    assert verdict.usage["total_tokens"] == 2 * USAGE["total_tokens"]


def test_who_has_a_vote() -> None:
    with pytest.raises(ConfigurationError, match="got 1 judge"):
        VotingJudge([FunctionJudge(lambda _: 1)])
    with pytest.raises(ConfigurationError, match="got ConfidenceJudge"):
        VotingJudge([FunctionJudge(lambda _: 1), ConfidenceJudge()])  # type: ignore[list-item]
