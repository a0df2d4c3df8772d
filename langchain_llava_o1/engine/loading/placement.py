"""Where a model goes: its device, its precision, how many bits its weights are kept in."""

import importlib.util
from typing import TYPE_CHECKING, Any

from langchain_llava_o1.engine.settings import CheckpointSettings, Quantization
from langchain_llava_o1.errors import ModelLoadError

if TYPE_CHECKING:
    import torch
    from transformers import MllamaForConditionalGeneration

# A smaller model spends its time elsewhere than in its weights.
_FEWEST_WEIGHTS_TO_MEASURE = 5 * 10**7
_NOT_QUANTIZED = ["model.vision_model", "model.multi_modal_projector", "lm_head"]
_INSTALL_QUANTIZATION = 'pip install "langchain-llava-o1[quantization]"'


def place(settings: CheckpointSettings, text: Any) -> "tuple[dict[str, Any], torch.device | None]":
    """Choose dtype and device: arguments for ``from_pretrained``, and where to move the model after it."""
    import torch

    device = choose_device(settings.device)
    dtype = getattr(torch, settings.dtype) if settings.dtype else choose_dtype(device, text)
    arguments: dict[str, Any] = {"dtype": dtype}
    device_map = dict(settings.device_map) if isinstance(settings.device_map, tuple) else settings.device_map
    if settings.quantization:
        arguments["quantization_config"] = _quantize(settings.quantization, device)
        # Placed as they are loaded, the weights need not lie whole in the device's memory first.
        device_map = device_map or {"": str(device)}
    if device_map is None:
        return arguments, device
    _require("accelerate", f"device_map={device_map!r}")
    return {**arguments, "device_map": device_map}, None


def _quantize(quantization: Quantization, device: "torch.device") -> Any:
    """Choose how weights are kept: what sees, and what chooses the next token, stays as it is."""
    _require("torchao", f"quantization={quantization!r}")
    import torch
    from torchao.quantization import Int4WeightOnlyConfig, Int8WeightOnlyConfig
    from transformers import TorchAoConfig

    config = Int8WeightOnlyConfig()
    if quantization == "4bit":
        if device.type != "cuda" or torch.cuda.get_device_capability(device) < (8, 0):
            raise ModelLoadError(
                "quantization='4bit' needs an NVIDIA GPU of compute capability 8.0 or newer, got "
                f'{str(device)!r}. Use quantization="8bit".'
            )
        config = Int4WeightOnlyConfig(group_size=128, int4_packing_format="tile_packed_to_4d")
    return TorchAoConfig(config, modules_to_not_convert=_NOT_QUANTIZED)


def _require(package: str, setting: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise ModelLoadError(f"{setting} needs the package {package}: {_INSTALL_QUANTIZATION}.")


def choose_device(name: str | None) -> "torch.device":
    """Find a device by its name, or the best there is.

    Raises:
        ModelLoadError: If there is none of this name.
    """
    import torch

    if name is None:
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ModelLoadError(f'There is no device {name!r}. Use "cuda", "cuda:1", "mps" or "cpu".') from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ModelLoadError(
            f"device={name!r} needs a CUDA GPU and a CUDA build of torch; torch {torch.__version__} sees "
            'none. Use device="cpu", or install a CUDA build of torch.'
        )
    return device


def choose_dtype(device: "torch.device", text: Any) -> "torch.dtype":
    """Choose what to compute in, for a device and the configuration of a text model."""
    import torch

    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if device.type == "mps":
        return torch.bfloat16 if torch.backends.mps.is_macos_or_newer(14, 0) else torch.float32
    from langchain_llava_o1.engine.loading.precision import fastest_dtype

    num_weights = (
        text.num_hidden_layers * text.hidden_size * (3 * text.hidden_size + 3 * text.intermediate_size)
    )
    if num_weights < _FEWEST_WEIGHTS_TO_MEASURE:
        return torch.float32
    return fastest_dtype(text.hidden_size, text.intermediate_size)


def check_placement(settings: CheckpointSettings, model: "MllamaForConditionalGeneration") -> None:
    """See that all weights are on devices: those left outside would be fetched in each step."""
    left_out = next((name for name, weight in model.named_parameters() if weight.device.type == "meta"), None)
    if left_out is not None:
        raise ModelLoadError(
            f"With device_map={settings.device_map!r} there is no room on the devices for all of "
            f"{settings.model!r}: {left_out!r} would stay outside. Use more or larger GPUs, or load fewer "
            'bits: quantization="8bit" or "4bit".'
        )
