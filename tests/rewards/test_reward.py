"""What all kinds of reward models have in common."""

import copy
import pickle
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import pytest
from langchain_core.messages import BaseMessage

from langchain_llava_o1 import HuggingFaceReward, RewardJudge
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.rewards import reward as reward_module
from langchain_llava_o1.rewards.reward import open_reward
from langchain_llava_o1.rewards.scorer import Scorer
from langchain_llava_o1.rewards.settings import RewardSettings
from tests.rewards.checkpoints import save_value_head, save_vision_model
from tests.rewards.conversations import conversation, drawn

RED = drawn("red")


class CountingScorer(Scorer):
    loaded = 0

    @classmethod
    def load(cls, settings: RewardSettings) -> Self:
        cls.loaded += 1
        return cls()

    def score(self, conversations: Sequence[Sequence[BaseMessage]]) -> list[float]:
        return [0.5] * len(conversations)


def test_the_kind_is_told_by_the_checkpoint_or_by_the_caller(tmp_path: Path) -> None:
    folder = save_vision_model(tmp_path)
    asked = conversation("Two.", RED)
    process = HuggingFaceReward(str(folder), device="cpu").invoke(asked)
    save_value_head(folder)
    value = HuggingFaceReward(str(folder), device="cpu").invoke(asked)
    assert HuggingFaceReward(str(folder), device="cpu", kind="process").invoke(asked) == process
    assert HuggingFaceReward(str(folder), device="cpu", kind="value-head").invoke(asked) == value
    assert open_reward(f"process:{folder}").invoke(asked) == process
    assert open_reward(str(folder)).invoke(asked) == value
    assert value != process


def test_it_can_be_pickled_and_copied(tmp_path: Path) -> None:
    folder = save_vision_model(tmp_path)
    reward = HuggingFaceReward(str(folder), device="cpu")
    asked = conversation("Two.", RED)
    score = reward.invoke(asked)
    assert pickle.loads(pickle.dumps(reward)).invoke(asked) == score
    judge = copy.deepcopy(RewardJudge(reward))
    assert judge.reward is reward
    assert copy.copy(reward) is reward
    assert repr(reward) == f"HuggingFaceReward({str(folder)!r})"


def test_what_is_pickled_are_the_settings_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reward_module.SCORERS, "text", CountingScorer)
    monkeypatch.setattr(CountingScorer, "loaded", 0)
    reward = HuggingFaceReward("any", kind="text")
    reward.invoke(conversation("Two."))
    restored = pickle.loads(pickle.dumps(reward))
    assert CountingScorer.loaded == 1
    restored.invoke(conversation("Two."))
    assert CountingScorer.loaded == 2


def test_threads_that_ask_at_the_same_time_load_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reward_module.SCORERS, "text", CountingScorer)
    monkeypatch.setattr(CountingScorer, "loaded", 0)
    reward = HuggingFaceReward("any", kind="text")
    assert CountingScorer.loaded == 0
    threads = [threading.Thread(target=reward.invoke, args=(conversation("Two."),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert CountingScorer.loaded == 1


def test_a_name_opens_one_reward_model_however_often() -> None:
    assert open_reward("owner/name") is open_reward("owner/name")
    assert open_reward("owner/name") is not open_reward("process:owner/name")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"model": " "}, "name is empty"),
        (
            {"model": "any", "kind": "critic"},
            "no kind of reward model 'critic'; there are text, value-head, process",
        ),
        ({"model": "any", "dtype": "int8"}, "dtype is 'int8'; use 'float32'"),
        ({"model": "any", "batch_size": 0}, "batch_size must be 1 or more, got 0"),
        ({"model": "any", "max_pixels": 0}, "max_pixels must be 1 or more, got 0"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        HuggingFaceReward(**settings)
