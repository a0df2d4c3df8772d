"""What went wrong while a checkpoint was loaded, in words for the caller."""

from pathlib import Path

from langchain_llava_o1.engine.settings import CheckpointSettings
from langchain_llava_o1.errors import ModelLoadError


def explain_load_error(settings: CheckpointSettings, error: Exception) -> ModelLoadError:
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
