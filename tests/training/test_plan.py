"""What training takes, computed, and how it is spread over GPUs."""

import importlib
import importlib.resources

import pytest
import yaml

from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.training.plan import LLAMA_3_2_11B, plan_training


def test_all_weights_take_sixteen_bytes_each_and_adapters_little_beside_half_the_weights() -> None:
    whole = plan_training(gpus=1)
    kept = whole.weights_gb + whole.gradients_gb + whole.optimizer_gb
    assert kept == pytest.approx(16 * LLAMA_3_2_11B.weights / 1e9)
    adapted = plan_training(gpus=1, lora_rank=16)
    assert adapted.weights_gb == pytest.approx(2 * LLAMA_3_2_11B.weights / 1e9, rel=0.02)
    assert adapted.gradients_gb + adapted.optimizer_gb < 1


def test_eight_gpus_of_80_gb_hold_the_published_recipe_and_one_does_not() -> None:
    assert plan_training(gpus=1).total_gb > 80 > plan_training(gpus=8).total_gb
    assert plan_training(gpus=8).hours == pytest.approx(plan_training(gpus=1).hours / 8)
    # Each process loads the weights in float32 before they are shared.
    assert plan_training(gpus=8).host_gb == pytest.approx(8 * 4 * LLAMA_3_2_11B.weights / 1e9)
    with pytest.raises(ConfigurationError, match="gpus must be 1 or more"):
        plan_training(gpus=0)


def test_what_fsdp_wraps_are_layers_of_transformers_mllama() -> None:
    text = importlib.resources.files("langchain_llava_o1.training").joinpath("fsdp.yaml").read_text()
    config = yaml.safe_load(text)["fsdp_config"]
    mllama = importlib.import_module("transformers.models.mllama.modeling_mllama")
    wrapped = config["fsdp_transformer_layer_cls_to_wrap"].split(",")
    assert all(hasattr(mllama, name) for name in wrapped)
    # What FSDP itself reads where nothing is named.
    unsplit = mllama.MllamaForConditionalGeneration._no_split_modules  # noqa: SLF001
    assert set(unsplit) <= set(wrapped)
