"""What the models can do, in LangChain's terms."""

import json
from pathlib import Path
from typing import Any, cast

from langchain_core.language_models import ModelProfile

from langchain_llava_o1.pictures.pdf import can_read_pdf
from langchain_llava_o1.staging import capabilities
from langchain_llava_o1.tiny import EMBEDDED_MODEL, checkpoint_path

# Four tiles of 560 x 560: no arrangement of tiles shows more.
_MAX_IMAGE_PIXELS = 4 * 560 * 560
_PUBLISHED_MODEL = "Xkev/Llama-3.2V-11B-cot"
_PUBLISHED_MAX_INPUT_TOKENS = 131_072
CONFIG_KEY = "llava_o1_profile"
"""Where a checkpoint's ``config.json`` says what it cannot do; what is trained from it inherits that."""


def model_profile(model: str, *, max_output_tokens: int, allow_image_urls: bool) -> ModelProfile:
    """Describe what a model can do, without loading it.

    What a checkpoint on this machine cannot do is read from its ``config.json``.

    Args:
        model: Hub id, folder or ``"tiny"``.
        max_output_tokens: Most tokens an answer may have.
        allow_image_urls: Whether pictures are fetched from URLs.
    """
    config = _read_config(model)
    profile = ModelProfile(
        name=model,
        open_weights=True,
        text_inputs=True,
        image_inputs=True,
        image_url_inputs=allow_image_urls,
        pdf_inputs=can_read_pdf(),
        audio_inputs=False,
        video_inputs=False,
        image_tool_message=False,
        pdf_tool_message=False,
        max_output_tokens=max_output_tokens,
        text_outputs=True,
        image_outputs=False,
        audio_outputs=False,
        video_outputs=False,
        reasoning_output=True,
        tool_calling=False,
        structured_output=False,
        attachment=True,
        temperature=True,
        mid_conversation_system_messages=True,
    )
    cast("dict[str, Any]", profile).update(
        {
            capabilities.PREFILL: True,
            capabilities.CONFIDENCE: True,
            capabilities.MAX_IMAGE_PIXELS: _MAX_IMAGE_PIXELS,
            capabilities.SINGLE_TURN: False,
            capabilities.PICTURES_ONLY: False,
            **_section(config, CONFIG_KEY),
        }
    )
    if model == _PUBLISHED_MODEL:
        profile["max_input_tokens"] = _PUBLISHED_MAX_INPUT_TOKENS
    elif context := _section(config, "text_config").get("max_position_embeddings"):
        profile["max_input_tokens"] = context
    return profile


def _read_config(model: str) -> dict[str, Any]:
    folder = checkpoint_path() if model == EMBEDDED_MODEL else Path(model)
    try:
        config = json.loads((folder / "config.json").read_text())
    # Loading the model tells what is wrong with its files.
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}


def _section(config: dict[str, Any], name: str) -> dict[str, Any]:
    found = config.get(name)
    return found if isinstance(found, dict) else {}
