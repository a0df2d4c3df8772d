import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.loading.checkpoint import find_dtype, load_checkpoint
from langchain_llava_o1.engine.request import Request, Sampling
from langchain_llava_o1.engine.settings import EngineSettings
from langchain_llava_o1.errors import ConfigurationError, ModelLoadError
from tests.engine.reference import Reference
from tests.engine.test_equality import CONVERSATIONS, check


@pytest.fixture
def copy(random_checkpoint: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(random_checkpoint, tmp_path / "copy"))


def edit_json(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": ""}, "empty string"),
        ({"model": "m", "dtype": "half"}, "dtype must be one of float32, bfloat16, float16, got 'half'"),
        ({"model": "m", "quantization": "2bit"}, "quantization must be one of 8bit, 4bit, got '2bit'"),
        ({"model": "m", "device": "cpu", "device_map": "auto"}, "exclude each other"),
        ({"model": "m", "num_threads": 0}, "num_threads must be 1 or more, got 0"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        EngineSettings(**settings)


def test_settings_with_a_device_map_are_hashable() -> None:
    settings = EngineSettings("m", device_map={"lm_head": "cpu", "": 0})
    assert settings == EngineSettings("m", device_map={"": 0, "lm_head": "cpu"})
    assert hash(settings) == hash(EngineSettings("m", device_map={"": 0, "lm_head": "cpu"}))


def test_device_and_dtype_follow_the_settings(random_checkpoint: Path) -> None:
    checkpoint = load_checkpoint(EngineSettings(str(random_checkpoint), device="cpu"))
    assert (checkpoint.model.device.type, checkpoint.model.dtype) == ("cpu", torch.float32)
    half = load_checkpoint(EngineSettings(str(random_checkpoint), device="cpu", dtype="bfloat16"))
    assert half.model.dtype == torch.bfloat16


def test_the_dtype_is_known_before_the_weights_are_read(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    assert find_dtype(EngineSettings(str(copy), device="cpu")) == "float32"
    assert find_dtype(EngineSettings(str(copy), device="cpu", dtype="bfloat16")) == "bfloat16"
    edit_json(copy / "config.json", model_type="llava")
    with pytest.raises(ModelLoadError, match="holds a model of type 'llava'"):
        find_dtype(EngineSettings(str(copy), device="cpu"))


def test_all_end_tokens_are_read(random_checkpoint: Path) -> None:
    checkpoint = load_checkpoint(EngineSettings(str(random_checkpoint), device="cpu"))
    names = {checkpoint.tokenizer.convert_ids_to_tokens(token_id) for token_id in checkpoint.end_ids}
    assert names == {"<|eot_id|>", "<|end_of_text|>"}


def test_small_checkpoints_load_without_a_progress_bar(
    random_checkpoint: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    load_checkpoint(EngineSettings(str(random_checkpoint), device="cpu"))
    assert capfd.readouterr() == ("", "")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match=r"There is no folder .*nowhere"):
        load_checkpoint(EngineSettings(str(tmp_path / "nowhere")))


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match=r"no config\.json"):
        load_checkpoint(EngineSettings(str(tmp_path)))


def test_another_architecture_is_refused(copy: Path) -> None:
    (copy / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
    with pytest.raises(ModelLoadError, match="type 'gpt2'"):
        load_checkpoint(EngineSettings(str(copy)))


def test_missing_weights_are_an_error(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    with pytest.raises(ModelLoadError, match=r"could not be loaded.*safetensors"):
        load_checkpoint(EngineSettings(str(copy)))


def test_incomplete_weights_are_an_error(copy: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(copy / "model.safetensors")
    name = next(name for name in weights if "q_proj" in name)
    del weights[name]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelLoadError, match=r"lacks 1 weights.*q_proj"):
        load_checkpoint(EngineSettings(str(copy)))


def test_a_processor_for_other_tiles_is_an_error(copy: Path, tiled_checkpoint: Path) -> None:
    shutil.copy(tiled_checkpoint / "processor_config.json", copy)
    with pytest.raises(ModelLoadError, match=r"at most 1 of them, but .* at most 4"):
        load_checkpoint(EngineSettings(str(copy)))


def test_a_missing_processor_is_an_error(copy: Path) -> None:
    for name in (
        "processor_config.json",
        "preprocessor_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
    ):
        (copy / name).unlink(missing_ok=True)
    with pytest.raises(ModelLoadError, match="copy"):
        load_checkpoint(EngineSettings(str(copy)))


def test_an_unknown_device_is_an_error(random_checkpoint: Path) -> None:
    with pytest.raises(ModelLoadError, match="no device 'abacus'"):
        load_checkpoint(EngineSettings(str(random_checkpoint), device="abacus"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a GPU")
def test_cuda_without_a_gpu_is_an_error(random_checkpoint: Path) -> None:
    with pytest.raises(ModelLoadError, match="needs a CUDA GPU"):
        load_checkpoint(EngineSettings(str(random_checkpoint), device="cuda"))


@pytest.mark.parametrize(
    ("settings", "package"),
    [({"quantization": "8bit"}, "torchao"), ({"device_map": "auto"}, "accelerate")],
)
def test_a_missing_extra_is_named(
    random_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], package: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelLoadError, match=rf"needs the package {package}: pip install"):
        load_checkpoint(EngineSettings(str(random_checkpoint), **settings))


def test_eight_bits_answer_as_transformers_does_with_them(tiled_checkpoint: Path) -> None:
    checkpoint = load_checkpoint(EngineSettings(str(tiled_checkpoint), device="cpu", quantization="8bit"))
    reference = Reference(tiled_checkpoint)
    unquantized = reference.generate(CONVERSATIONS["picture"], 24)
    reference.model = checkpoint.model
    weight = checkpoint.model.model.language_model.layers[0].mlp.up_proj.weight
    engine = Engine(checkpoint)

    deltas = list(engine.generate(Request(CONVERSATIONS["picture"], Sampling(max_tokens=24))))
    engine.close()

    check(deltas, CONVERSATIONS["picture"], reference)
    assert type(weight) is not torch.nn.Parameter
    assert reference.generate(CONVERSATIONS["picture"], 24) != unquantized


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a GPU")
def test_four_bits_need_a_gpu(random_checkpoint: Path) -> None:
    with pytest.raises(ModelLoadError, match=r"needs an NVIDIA GPU .*, got 'cpu'. Use quantization=\"8bit\""):
        load_checkpoint(EngineSettings(str(random_checkpoint), device="cpu", quantization="4bit"))


@pytest.mark.parametrize("device_map", ["auto", {"": "cpu"}])
def test_a_device_map_places_the_layers(
    tiled_checkpoint: Path, tiled_reference: Reference, device_map: str | dict[str, str]
) -> None:
    engine = Engine(load_checkpoint(EngineSettings(str(tiled_checkpoint), device_map=device_map)))

    deltas = list(engine.generate(Request(CONVERSATIONS["picture"], Sampling(max_tokens=24))))
    engine.close()

    check(deltas, CONVERSATIONS["picture"], tiled_reference)


def test_weights_that_fit_on_no_device_are_an_error(copy: Path) -> None:
    text = ("embed_tokens", "norm", "rotary_emb", *(f"layers.{number}" for number in range(4)))
    parts = ("model.vision_model", "model.multi_modal_projector", "lm_head")
    layers = dict.fromkeys((*parts, *(f"model.language_model.{part}" for part in text)), "cpu")
    layers["model.language_model.layers.2"] = "disk"
    with pytest.raises(ModelLoadError, match=r"layers\.2.* would stay outside"):
        load_checkpoint(EngineSettings(str(copy), device_map=layers))
