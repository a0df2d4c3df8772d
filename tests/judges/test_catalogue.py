"""The judges that have a name, and what a full name says."""

import pytest

from langchain_llava_o1 import HuggingFaceReward, RewardJudge
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.catalogue import JUDGES, find_judge, split_name
from langchain_llava_o1.search.catalogue import find_search
from tests.scripted_model import ScriptedModel


def test_a_full_name_is_a_judge_and_the_model_that_it_asks() -> None:
    assert split_name("confidence") == ("confidence", "")
    assert split_name("reward:process:owner/name") == ("reward", "process:owner/name")
    assert find_judge("reward:owner/name") is JUDGES["reward"]


def test_the_reward_judge_asks_a_model_of_its_own() -> None:
    judge = JUDGES["reward"].create(ScriptedModel(), "owner/name")
    assert isinstance(judge, RewardJudge)
    assert isinstance(judge.reward, HuggingFaceReward)


@pytest.mark.parametrize("search", ["stage-beam", "self-consistency", "swires"])
def test_every_search_with_candidates_takes_it(search: str) -> None:
    assert find_search(search).create(ScriptedModel(), "reward:owner/name")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("reward", "The reward judge needs a model of its own. Name it, as in reward:"),
        ("critic:owner/name", "The critic judge asks the model that answers, got the model 'owner/name'"),
        ("guess:owner/name", "There is no judge 'guess'; there are generative, "),
    ],
)
def test_a_name_that_does_not_fit_is_refused(name: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        find_search("stage-beam").create(ScriptedModel(), name)
