"""What all kinds of reward models have in common."""

import copy
import json
import pickle
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self
from unittest.mock import patch

import pytest
import torch
from langchain_core.messages import BaseMessage

from langchain_llava_o1 import HuggingFaceReward, RewardJudge
from langchain_llava_o1.errors import ConfigurationError, GenerationError, ModelLoadError
from langchain_llava_o1.rewards import reward as reward_module
from langchain_llava_o1.rewards.reward import open_reward
from langchain_llava_o1.rewards.scorer import Scorer
from langchain_llava_o1.rewards.settings import RewardSettings
from langchain_llava_o1.rewards.vision_model import VisionModel
from tests.rewards.checkpoints import save_value_head, save_vision_model
from tests.rewards.conversations import conversation, drawn

RED = drawn("red")


class CountingScorer(Scorer):
    loaded = 0
    seen: ClassVar[list[RewardSettings]] = []

    @classmethod
    def load(cls, settings: RewardSettings) -> Self:
        cls.loaded += 1
        cls.seen.append(settings)
        return cls()

    def score(self, conversations: Sequence[Sequence[BaseMessage]]) -> list[float]:
        return [0.5] * len(conversations)


class HungryScorer(Scorer):
    """Needs more memory than there is."""

    fits = True
    error: Exception = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB.\nSee …")

    @classmethod
    def load(cls, settings: RewardSettings) -> Self:
        if not cls.fits:
            raise cls.error
        return cls()

    def score(self, conversations: Sequence[Sequence[BaseMessage]]) -> list[float]:
        raise self.error


def _pixels_seen(reward: HuggingFaceReward, messages: list[BaseMessage]) -> torch.Tensor:
    """Return the patches of a conversation's pictures, as its model is given them."""
    with patch.object(VisionModel, "prepare", autospec=True, side_effect=VisionModel.prepare) as prepare:
        reward.invoke(messages)
    (call,) = prepare.call_args_list
    pixels: torch.Tensor = VisionModel.prepare(*call.args, **call.kwargs).inputs["pixel_values"]
    return pixels


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


def test_a_name_may_have_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reward_module.SCORERS, "text", CountingScorer)
    given = {
        "batch_size": 2,
        "device": "cuda:1",
        "dtype": "bfloat16",
        "instruction": "Say {+}.",
        "min_pixels": 9,
    }
    open_reward(f"text:owner/name {json.dumps(given)}").invoke(conversation("Two."))
    (settings,) = CountingScorer.seen[-1:]
    assert (settings.model, settings.kind) == ("owner/name", "text")
    assert {name: getattr(settings, name) for name in given} == given
    with pytest.raises(
        ConfigurationError, match="A reward model has no setting 'temperature'; it has device"
    ):
        open_reward('owner/name {"temperature": 1}')


def test_a_model_that_does_not_fit_says_where_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reward_module.SCORERS, "text", HungryScorer)
    monkeypatch.setattr(HungryScorer, "fits", False)
    with pytest.raises(ModelLoadError) as refused:
        HuggingFaceReward("owner/name", kind="text", device="cpu").invoke(conversation("Two."))
    assert str(refused.value) == (
        "The reward model 'owner/name' does not fit into the memory of 'cpu': CUDA out of memory. Tried to "
        'allocate 20 GiB. Load it with dtype="bfloat16"; choose another device; or take a smaller model. '
        "On the command line these are --judge-set NAME=VALUE."
    )


@pytest.mark.parametrize(
    ("batch_size", "remedies"),
    [
        (2, "Set batch_size to less than 2; lower max_pixels or max_length; or choose another device."),
        (1, "Lower max_pixels or max_length; or choose another device."),
    ],
)
def test_memory_that_runs_out_while_scoring_says_where_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, batch_size: int, remedies: str
) -> None:
    monkeypatch.setitem(reward_module.SCORERS, "text", HungryScorer)
    monkeypatch.setattr(HungryScorer, "fits", True)
    reward = HuggingFaceReward(
        "owner/name", kind="text", device="cpu", dtype="bfloat16", batch_size=batch_size
    )
    with pytest.raises(GenerationError) as refused:
        reward.batch([conversation("Two.")] * 3)
    assert str(refused.value).startswith(
        f"The reward model 'owner/name' ran out of memory on 'cpu' with {batch_size} conversation(s) in a "
        f"pass: CUDA out of memory. Tried to allocate 20 GiB. {remedies}"
    )
    # Its frames would keep the tensors alive.
    assert refused.value.__cause__ is not None
    assert refused.value.__cause__.__traceback__ is None


def test_other_errors_of_a_model_are_told_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reward_module.SCORERS, "text", HungryScorer)
    monkeypatch.setattr(HungryScorer, "fits", True)
    monkeypatch.setattr(HungryScorer, "error", RuntimeError("shapes differ"))
    with pytest.raises(RuntimeError, match="shapes differ"):
        HuggingFaceReward("owner/name", kind="text").invoke(conversation("Two."))


def test_a_kind_of_probabilities_has_a_cutoff_of_its_own(tmp_path: Path) -> None:
    folder = save_vision_model(tmp_path)
    reward = HuggingFaceReward(str(folder), device="cpu")
    judge = RewardJudge(reward)
    assert judge.default_cutoff == 0.5
    reward.invoke(conversation("Two.", RED))
    assert judge.default_cutoff == 0.5
    save_value_head(folder)
    assert HuggingFaceReward(str(folder), device="cpu").default_cutoff is None
    assert HuggingFaceReward("owner/name", kind="process").default_cutoff == 0.5
    with pytest.raises(ModelLoadError, match="could not be loaded"):
        _ = HuggingFaceReward(str(tmp_path / "none"), device="cpu").default_cutoff


def test_a_small_picture_can_be_made_larger(tmp_path: Path) -> None:
    folder = save_vision_model(tmp_path)
    save_value_head(folder)
    shown = {size: conversation("Two.", drawn("red", size)) for size in ((28, 28), (56, 56))}
    plain = HuggingFaceReward(str(folder), device="cpu")
    larger = HuggingFaceReward(str(folder), device="cpu", min_pixels=112 * 112)
    seen = [len(_pixels_seen(reward, shown[28, 28])) for reward in (plain, larger)]
    assert seen == [4, 64]
    assert larger.invoke(shown[56, 56]) != pytest.approx(plain.invoke(shown[56, 56]), abs=1e-3)


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
        ({"model": "any", "min_pixels": 0}, "min_pixels must be 1 or more, got 0"),
        (
            {"model": "any", "min_pixels": 9, "max_pixels": 4},
            "min_pixels is 9, more than max_pixels, 4. Lower it",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        HuggingFaceReward(**settings)
