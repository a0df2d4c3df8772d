"""What searches and judges know of a chat model: LangChain's interface and the model's profile."""

from langchain_core.globals import get_llm_cache
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.base import RunnableBindingBase
from langchain_core.runnables.config import merge_configs
from langgraph.constants import TAG_NOSTREAM

ChatModel = Runnable[LanguageModelInput, AIMessage]
"""A chat model, or one with parameters bound to it."""


def chat_model_of(model: ChatModel) -> object:
    """Return the chat model under parameters that are bound to it."""
    while isinstance(model, RunnableBindingBase):
        model = model.bound
    return model


def name_of(model: ChatModel) -> str:
    """Return what a chat model is called: the name of its weights, with that of adapters beside them."""
    found = chat_model_of(model)
    name = getattr(found, "model", None) or getattr(found, "model_name", None) or type(found).__name__
    adapter = getattr(found, "adapter", None)
    return f"{name} with {adapter}" if adapter else str(name)


def has_capability(model: ChatModel, capability: str) -> bool:
    """Tell whether a chat model's profile has a capability (``staging/capabilities.py``)."""
    profile = getattr(chat_model_of(model), "profile", None) or {}
    return bool(profile.get(capability))


def uncached(model: ChatModel) -> ChatModel:
    """Return ``model`` without LangChain's response cache, which would make all candidates alike.

    It is copied only where a cache is in use, so that a model that counts its calls goes on counting.
    """
    if isinstance(model, BaseChatModel):
        is_cached = bool(model.cache) or (model.cache is None and get_llm_cache() is not None)
        return model.model_copy(update={"cache": False}) if is_cached else model
    if isinstance(model, RunnableBindingBase):
        bound = uncached(model.bound)
        return model if bound is model.bound else model.model_copy(update={"bound": bound})
    return model


def unstreamed(config: RunnableConfig | None) -> RunnableConfig:
    """Return a config whose calls are kept out of the messages that a graph streams."""
    return merge_configs(config, {"tags": [TAG_NOSTREAM]})
