"""LoRA adapters, added to the weights that they were trained beside."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_llava_o1.errors import ModelLoadError

if TYPE_CHECKING:
    from transformers import MllamaForConditionalGeneration


@contextmanager
def outdated_names_hidden() -> Iterator[None]:
    """Hide that PEFT and TRL ask transformers for a property by its old name, which no user can mend."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        yield


def add_adapter(model: "MllamaForConditionalGeneration", folder: str) -> "MllamaForConditionalGeneration":
    """Add adapters to the weights of a loaded model, so that it is as fast as without them.

    Args:
        model: The checkpoint that they were trained on.
        folder: Where PEFT saved them.

    Raises:
        ModelLoadError: If PEFT is missing, or there are no adapters in the folder that fit the model.
    """
    path = Path(folder).expanduser()
    if not (path / "adapter_config.json").is_file():
        raise ModelLoadError(
            f"The folder {folder!r} holds no adapter_config.json. Give the folder that adapters were saved "
            "to."
        )
    try:
        from peft import PeftModel
    except ImportError as error:
        raise ModelLoadError(
            f'adapter={folder!r} needs the package peft: pip install "langchain-llava-o1[train]".'
        ) from error
    try:
        with outdated_names_hidden():
            adapted: Any = PeftModel.from_pretrained(model, str(path))
        merged: MllamaForConditionalGeneration = adapted.merge_and_unload(safe_merge=True)
    except Exception as error:
        raise ModelLoadError(
            f"The adapters in {folder!r} do not fit the model: {error}. Give the model that they were "
            "trained on."
        ) from error
    return merged
