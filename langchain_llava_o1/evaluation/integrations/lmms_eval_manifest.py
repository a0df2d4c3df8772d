"""How lmms-eval finds the model: what the entry point ``lmms_eval.models`` in ``pyproject.toml`` names."""

from typing import Any

MODEL_NAME = "llava_o1"
"""What is given to ``lmms-eval --model``."""

_CLASS_PATH = "langchain_llava_o1.evaluation.integrations.lmms_eval_model.LlavaO1"


def create_manifest() -> Any:
    """Return the model's ``ModelManifest``; only lmms-eval calls this, and only then is it imported."""
    from lmms_eval.models.registry_v2 import ModelManifest

    return ModelManifest(MODEL_NAME, chat_class_path=_CLASS_PATH)
