"""What the models can do, in LangChain's terms."""

from typing import Any, cast

from langchain_core.language_models import ModelProfile

from langchain_llava_o1.pictures.pdf import can_read_pdf
from langchain_llava_o1.staging import capabilities

# Four tiles of 560 x 560: no arrangement of tiles shows more.
_MAX_IMAGE_PIXELS = 4 * 560 * 560
_SINGLE_TURN_MODELS = ("tiny",)
# Trained on drawn pictures and the questions about them, and on no other text.
_MODELS_OF_PICTURES_ONLY = frozenset({"tiny"})
_MAX_INPUT_TOKENS = {"tiny": 4096, "Xkev/Llama-3.2V-11B-cot": 131_072}


def model_profile(model: str, *, max_output_tokens: int, allow_image_urls: bool) -> ModelProfile:
    """Describe what a model can do, without loading it.

    Args:
        model: Hub id, folder or ``"tiny"``.
        max_output_tokens: Most tokens an answer may have.
        allow_image_urls: Whether pictures are fetched from URLs.
    """
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
            capabilities.SINGLE_TURN: model in _SINGLE_TURN_MODELS,
            capabilities.PICTURES_ONLY: model in _MODELS_OF_PICTURES_ONLY,
        }
    )
    if model in _MAX_INPUT_TOKENS:
        profile["max_input_tokens"] = _MAX_INPUT_TOKENS[model]
    return profile
