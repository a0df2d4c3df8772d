"""A checkpoint from a folder or the hub, on the device, or an error that says what to do."""

import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from langchain_llava_o1.engine.loading.libraries import import_libraries
from langchain_llava_o1.errors import ConfigurationError, ModelLoadError

if TYPE_CHECKING:
    import torch
    from transformers import MllamaForConditionalGeneration, PreTrainedTokenizerFast

Quantization = Literal["8bit", "4bit"]
DeviceMap = str | Mapping[str, int | str] | tuple[tuple[str, int | str], ...]

DEFAULT_MAX_REQUESTS = 16_384
"""Enough for a batch of a thousand searches with all their candidates."""

_DTYPES = ("float32", "bfloat16", "float16")
_QUANTIZATIONS = ("8bit", "4bit")
_BYTES_WORTH_A_PROGRESS_BAR = 10**9
# A smaller model spends its time elsewhere than in its weights.
_FEWEST_WEIGHTS_TO_MEASURE = 5 * 10**7
_NOT_QUANTIZED = ["model.vision_model", "model.multi_modal_projector", "lm_head"]
_INSTALL_QUANTIZATION = 'pip install "langchain-llava-o1[quantization]"'


@dataclass(frozen=True)
class EngineSettings:
    """What identifies a loaded model; equal settings share one engine.

    Attributes:
        model: A hub id or a local folder.
        device: "cuda", "cuda:1", "mps", "cpu"; None takes what the machine has.
        dtype: "float32", "bfloat16" or "float16"; None takes what suits the device.
        device_map: Passed to ``from_pretrained`` in place of ``device``; a mapping is kept as a
            tuple of its items, so that settings can be hashed.
        revision: Branch, tag or commit of a hub checkpoint.
        quantization: Keep the weights of the text layers in 8 or 4 bits; they compute in ``dtype``.
        cache_bytes: Memory for text and pictures that were read before; None takes a share of what is free.
        max_requests: Most requests under way at once; more are refused.
    """

    model: str
    device: str | None = None
    dtype: str | None = None
    device_map: DeviceMap | None = None
    revision: str | None = None
    quantization: Quantization | None = None
    cache_bytes: int | None = None
    max_requests: int = DEFAULT_MAX_REQUESTS

    def __post_init__(self) -> None:
        if not self.model:
            raise ConfigurationError("model must be a hub id or a folder, got an empty string.")
        if self.dtype is not None and self.dtype not in _DTYPES:
            raise ConfigurationError(f"dtype must be one of {', '.join(_DTYPES)}, got {self.dtype!r}.")
        if self.quantization is not None and self.quantization not in _QUANTIZATIONS:
            raise ConfigurationError(
                f"quantization must be one of {', '.join(_QUANTIZATIONS)}, got {self.quantization!r}."
            )
        if self.device is not None and self.device_map is not None:
            raise ConfigurationError(
                f"device={self.device!r} and device_map={self.device_map!r} exclude each other. Give one."
            )
        if self.cache_bytes is not None and self.cache_bytes < 0:
            raise ConfigurationError(
                f"cache_bytes must be 0 or more, got {self.cache_bytes!r}. None takes a share of free memory."
            )
        if self.max_requests < 1:
            raise ConfigurationError(f"max_requests must be 1 or more, got {self.max_requests!r}.")
        if isinstance(self.device_map, Mapping):
            object.__setattr__(self, "device_map", tuple(sorted(self.device_map.items())))


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model and what prepares its input.

    Attributes:
        model: The weights, in evaluation mode on their device.
        tokenizer: The fast tokenizer.
        image_processor: What turns pictures into pixel tensors.
        chat_template: The processor's chat template, if it has one.
        end_ids: Tokens that end a turn.
        image_token_id: The token that stands for a picture.
    """

    model: "MllamaForConditionalGeneration"
    tokenizer: "PreTrainedTokenizerFast"
    image_processor: Any
    chat_template: str | None
    end_ids: frozenset[int]
    image_token_id: int


def load_checkpoint(settings: EngineSettings) -> Checkpoint:
    """Load a checkpoint with ``from_pretrained``.

    Raises:
        ModelLoadError: If it cannot be found, read, or placed on the device.
    """
    source = _find_source(settings)
    try:
        return _load(settings, source)
    except ModelLoadError:
        raise
    except Exception as error:
        raise _explain(settings, error) from error


def _find_source(settings: EngineSettings) -> dict[str, Any]:
    """Tell a folder from a hub id; return where to load from as ``from_pretrained`` arguments."""
    folder = Path(settings.model).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelLoadError(
                f"The folder {settings.model!r} holds no config.json. "
                "Give the folder that save_pretrained wrote the model and its processor to."
            )
        return {"pretrained_model_name_or_path": str(folder), "local_files_only": True}
    if folder.is_file() or folder.is_absolute() or settings.model.startswith((".", "~")):
        raise ModelLoadError(
            f"There is no folder {settings.model!r}. Check the path, or give a hub id such as "
            '"Xkev/Llama-3.2V-11B-cot".'
        )
    return {"pretrained_model_name_or_path": settings.model, "revision": settings.revision or "main"}


def _load(settings: EngineSettings, source: dict[str, Any]) -> Checkpoint:
    import_libraries()
    from transformers import (
        AutoConfig,
        AutoProcessor,
        MllamaForConditionalGeneration,
        PreTrainedTokenizerFast,
    )

    config = AutoConfig.from_pretrained(**source)
    if config.model_type != "mllama":
        raise ModelLoadError(
            f"{settings.model!r} holds a model of type {config.model_type!r}; this engine runs models of "
            'type "mllama", such as "Xkev/Llama-3.2V-11B-cot".'
        )
    processor = AutoProcessor.from_pretrained(**source)
    tokenizer = getattr(processor, "tokenizer", None)
    if not isinstance(tokenizer, PreTrainedTokenizerFast) or not hasattr(processor, "image_processor"):
        raise ModelLoadError(
            f"{settings.model!r} has a {type(processor).__name__} in place of a processor with a fast "
            "tokenizer and an image processor. Save the processor beside the model: "
            "processor.save_pretrained(folder)."
        )
    _check_sizes(settings, config.vision_config, processor.image_processor)
    placement, device = _place(settings, config.text_config)
    with _progress_shown(_num_bytes(settings.model) >= _BYTES_WORTH_A_PROGRESS_BAR):
        loaded: Any = MllamaForConditionalGeneration.from_pretrained(
            **source, **placement, attn_implementation="sdpa", output_loading_info=True
        )
    model, info = loaded
    if info["missing_keys"]:
        raise ModelLoadError(
            f"{settings.model!r} lacks {len(info['missing_keys'])} weights of its model, "
            f"{sorted(info['missing_keys'])[0]!r} among them. Download or save the checkpoint again."
        )
    if device is not None:
        model = model.to(device)
    _check_placement(settings, model)
    return Checkpoint(
        model=model.eval().requires_grad_(False),
        tokenizer=tokenizer,
        image_processor=processor.image_processor,
        chat_template=processor.chat_template,
        end_ids=_end_ids(model.generation_config.eos_token_id, tokenizer),
        image_token_id=config.image_token_index,
    )


def _check_sizes(settings: EngineSettings, vision: Any, image_processor: Any) -> None:
    """See that the processor makes the pictures that the model takes."""
    expected = (vision.image_size, vision.image_size, vision.max_num_tiles)
    size = image_processor.size
    given = (size["height"], size["width"], image_processor.max_image_tiles)
    if given != expected:
        raise ModelLoadError(
            f"{settings.model!r} has a model for tiles of {expected[0]}x{expected[1]} pixels, at most "
            f"{expected[2]} of them, but a processor that makes {given[0]}x{given[1]}, at most {given[2]}. "
            "Take the processor from the checkpoint that the model was made from."
        )


def _check_placement(settings: EngineSettings, model: "MllamaForConditionalGeneration") -> None:
    """See that all weights are on devices: those left outside would be fetched in each step."""
    left_out = next((name for name, weight in model.named_parameters() if weight.device.type == "meta"), None)
    if left_out is not None:
        raise ModelLoadError(
            f"With device_map={settings.device_map!r} there is no room on the devices for all of "
            f"{settings.model!r}: {left_out!r} would stay outside. Use more or larger GPUs, or load fewer "
            'bits: quantization="8bit" or "4bit".'
        )


@contextmanager
def _progress_shown(is_shown: bool) -> Iterator[None]:
    """Keep transformers' progress bars, or hide them for as long as this lasts."""
    from transformers.utils import logging

    if is_shown or not logging.is_progress_bar_enabled():
        yield
        return
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.enable_progress_bar()


def _num_bytes(model: str) -> float:
    """Size of a local checkpoint; that of one on the hub is not known and may be any."""
    folder = Path(model).expanduser()
    if not folder.is_dir():
        return float("inf")
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())


def _place(settings: EngineSettings, text: Any) -> "tuple[dict[str, Any], torch.device | None]":
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


def _end_ids(configured: int | list[int] | None, tokenizer: "PreTrainedTokenizerFast") -> frozenset[int]:
    if isinstance(configured, int):
        return frozenset([configured])
    if configured:
        return frozenset(configured)
    return frozenset() if tokenizer.eos_token_id is None else frozenset([tokenizer.eos_token_id])


def _explain(settings: EngineSettings, error: Exception) -> ModelLoadError:
    """Say what went wrong while loading, and what to do about it."""
    reason = str(error).strip().split("\n")[0] or type(error).__name__
    lowered = str(error).lower()
    if "out of memory" in lowered or "can't allocate memory" in lowered:
        fix = 'Free memory, or load fewer bits: dtype="bfloat16", quantization="8bit" or "4bit".'
    elif "gated" in lowered or "401" in lowered or "403" in lowered:
        fix = "Accept its conditions on the hub and run `hf auth login`."
    elif Path(settings.model).expanduser().is_dir():
        fix = "Check its config.json, *.safetensors, tokenizer.json and processor_config.json."
    elif isinstance(error, OSError):
        fix = "Check the name, the revision and the network, or give a local folder."
    else:
        fix = (
            "Check device, dtype and device_map, and that this transformers version can read the checkpoint."
        )
    return ModelLoadError(f"{settings.model!r} could not be loaded: {reason} {fix}")
