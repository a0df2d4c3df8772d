"""Settings are checked before hours are spent on them."""

from typing import Any

import pytest

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.training.settings import PRESETS, LoraSettings, TrainingSettings


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"batch_size": 0}, "batch_size must be 1 or more, got 0"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"freeze": ("eyes",)}, "no part 'eyes' to freeze; there are vision"),
        ({"accuracy_items": 3, "held_out": 2}, "accuracy_items=3 needs as many held-out examples"),
        ({"freeze": ("vision",), "lora": LoraSettings()}, "has no part in training adapters"),
        ({"patience": 2}, "patience=2 needs held-out examples"),
        ({"dtype": "int8"}, "dtype must be float32 or bfloat16, got 'int8'"),
        ({"dtype": "float16"}, "dtype must be float32 or bfloat16, got 'float16'"),
        ({"model": ""}, "model must be a hub id or a folder"),
        ({"warmup": 1.5}, "warmup must be from 0 to below 1"),
    ],
)
def test_what_cannot_work_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        TrainingSettings(**{"model": "model", **changes})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"rank": 0}, "lora rank must be 1 or more"),
        ({"parts": ("head",)}, "no part 'head' to adapt"),
        ({"parts": ()}, "No part to adapt"),
    ],
)
def test_adapters_that_cannot_work_are_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        LoraSettings(**changes)


def test_the_preset_is_the_published_recipe() -> None:
    """All weights, 1e-5, three epochs, four samples a GPU, 4,096 tokens."""
    settings = TrainingSettings(**PRESETS["llava-o1-11b"].values)
    assert settings == TrainingSettings(
        "meta-llama/Llama-3.2-11B-Vision-Instruct",
        lora=None,
        freeze=(),
        epochs=3.0,
        max_steps=None,
        learning_rate=1e-5,
        batch_size=4,
        accumulation=1,
        max_tokens=4096,
        any_answers=False,
        activation_checkpointing=True,
        num_workers=4,
    )


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_settings(name: str) -> None:
    assert TrainingSettings(**PRESETS[name].values).as_json()["model"].startswith("meta-llama/")
