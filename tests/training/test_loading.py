"""A checkpoint to be trained: what computes attention, and what adapters are put beside."""

from pathlib import Path

from langchain_llava_o1.training.loading import load_trainee
from langchain_llava_o1.training.settings import LoraSettings, TrainingSettings


def test_attention_is_pytorchs_own(random_checkpoint: Path) -> None:
    """Flash attention does not know the masks of Mllama's cross-attention."""
    config = load_trainee(TrainingSettings(str(random_checkpoint), device="cpu")).model.config
    for each in (config, config.text_config, config.vision_config):
        assert each._attn_implementation == "sdpa"  # noqa: SLF001 # transformers has no public name for it


def test_adapters_are_beside_the_text_layers_by_default(random_checkpoint: Path) -> None:
    settings = TrainingSettings(str(random_checkpoint), lora=LoraSettings(rank=2), device="cpu")
    model = load_trainee(settings).model
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert trained
    assert all("lora_" in name for name in trained)
    assert not any("vision_model" in name for name in trained)
    for projections in (
        [f"self_attn.{each}_proj" for each in "qkvo"],
        [f"cross_attn.{each}_proj" for each in "qkvo"],
        [f"mlp.{each}_proj" for each in ("gate", "up", "down")],
    ):
        for projection in projections:
            assert any(
                f"language_model.layers.{index}.{projection}." in name
                for name in trained
                for index in range(9)
            )
