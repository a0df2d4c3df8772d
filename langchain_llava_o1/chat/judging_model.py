"""The chat model that a judge asks in place of the one that answers."""

from pathlib import Path
from typing import TYPE_CHECKING

from langchain_llava_o1.chat.model_name import ModelName
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.judges.own_model import OwnModel

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_BASE_URL = "base_url"


def open_judging_model(text: str) -> "BaseChatModel":
    """Create the chat model of a name, as ``--model`` names one; nothing is loaded and nobody asked.

    Args:
        text: Hub id or folder of a checkpoint, "tiny", or provider and model, as in "openai:gpt-4o"; before
            the server's URL in JSON, if it has one, as in 'critic {"base_url": "http://localhost:8000/v1"}'.

    Raises:
        ConfigurationError: If the model cannot be created, or has another setting.
    """
    name, settings = OwnModel.read(text)
    if unknown := sorted(settings.keys() - {_BASE_URL}):
        raise ConfigurationError(
            f"A chat model that judges has no setting {', '.join(map(repr, unknown))}; it has {_BASE_URL}."
        )
    base_url = settings.get(_BASE_URL)
    if base_url is None and (":" not in name or Path(name).exists()):
        from langchain_llava_o1.chat.model import ChatLlavaO1

        return ChatLlavaO1(model=name)
    return ModelName.hosted(name, base_url=base_url).open()
