"""The judges that have a name, and what a full name says."""

from typing import Any

import pytest

from langchain_llava_o1 import HuggingFaceReward, RewardJudge
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.catalogue import JUDGES, find_judge, split_name
from langchain_llava_o1.judges.critic import CriticJudge
from langchain_llava_o1.judges.generative import GenerativeJudge
from langchain_llava_o1.judges.judge import Judge
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


@pytest.mark.parametrize(("name", "kind"), [("generative", GenerativeJudge), ("critic", CriticJudge)])
def test_judges_that_ask_a_chat_model_may_have_one_of_their_own(name: str, kind: type[Judge]) -> None:
    answering = ScriptedModel()
    judge: Any = JUDGES[name].create(answering, "owner/name")
    assert isinstance(judge, kind)
    assert judge.model.model == "owner/name"
    judge = JUDGES[name].create(answering)
    assert judge.model is answering


@pytest.mark.parametrize("search", ["stage-beam", "self-consistency", "swires"])
def test_every_search_with_candidates_takes_it(search: str) -> None:
    assert find_search(search).create(ScriptedModel(), "reward:owner/name")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("reward", "The reward judge needs a model of its own. Name it, as in reward:"),
        ("likelihood:owner/name", "The likelihood judge takes no model of its own, got 'owner/name' for it"),
        ("guess:owner/name", "There is no judge 'guess'; there are generative, "),
    ],
)
def test_a_name_that_does_not_fit_is_refused(name: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        find_search("stage-beam").create(ScriptedModel(), name)
