"""The engine of a chat model: loaded with the first call, and shared by models with the same weights."""

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, Self

from pydantic import PrivateAttr

from langchain_llava_o1.chat.parameters import ChatParameters
from langchain_llava_o1.engine.interface import EngineInterface
from langchain_llava_o1.engine.loading.checkpoint import find_dtype
from langchain_llava_o1.engine.loading.short_lived_thread import run_in_short_lived_thread
from langchain_llava_o1.engine.registry import load_engine
from langchain_llava_o1.engine.settings import EngineSettings
from langchain_llava_o1.tiny import EMBEDDED_MODEL, checkpoint_path


class _LoadedEngine(NamedTuple):
    settings: EngineSettings
    engine: EngineInterface


class LocalEngineModel(ChatParameters):
    """A chat model's parameters, and the engine that they name.

    A copy in this process shares the engine. One in another process, by pickle, loads it there on first use.
    """

    _loaded: _LoadedEngine | None = PrivateAttr(default=None)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Copy the parameters, and share the engine: its weights and threads cannot be copied."""
        memo = {} if memo is None else memo
        memo[id(self._loaded)] = self._loaded
        return super().__deepcopy__(memo)

    def __getstate__(self) -> dict[Any, Any]:
        """Return what is pickled, without the engine."""
        state = super().__getstate__()
        return {**state, "__pydantic_private__": {**(state["__pydantic_private__"] or {}), "_loaded": None}}

    @property
    def is_loaded(self) -> bool:
        """Whether the weights are there, so that a call need not wait for them."""
        return self._loaded_engine() is not None

    async def aload(self) -> None:
        """Load the weights now; else the first call does.

        Raises:
            ModelLoadError: If there is no such checkpoint, or it cannot be read or placed on the device.
        """
        await self._aengine()

    async def afind_dtype(self) -> str:
        """Tell what the model computes in, such as "bfloat16"; the weights need not be loaded for that.

        Raises:
            ModelLoadError: If there is no such checkpoint, or its configuration cannot be read.
        """
        finding = partial(find_dtype, self._checkpoint_settings())
        return await asyncio.to_thread(run_in_short_lived_thread, finding)

    def close(self) -> None:
        """Give the weights' memory back, for all models that share them; the next call loads them again.

        Requests that are not finished fail.
        """
        if (engine := self._loaded_engine()) is not None:
            engine.close()
        self._loaded = None

    def _engine(self) -> EngineInterface:
        return self._loaded_engine() or self._load()

    async def _aengine(self) -> EngineInterface:
        loaded = self._loaded_engine()
        return loaded if loaded is not None else await asyncio.to_thread(self._load)

    def _loaded_engine(self) -> EngineInterface | None:
        # A copy of this model with other settings has the same private attributes.
        loaded = self._loaded
        if loaded is None or loaded.engine.is_closed or loaded.settings != self._engine_settings():
            return None
        return loaded.engine

    def _load(self) -> EngineInterface:
        engine = load_engine(self._checkpoint_settings())
        self._loaded = _LoadedEngine(self._engine_settings(), engine)
        return engine

    def _checkpoint_settings(self) -> EngineSettings:
        """Return the engine's settings with the folder of the embedded model in the place of its name."""
        settings = self._engine_settings()
        is_embedded = settings.model == EMBEDDED_MODEL
        return replace(settings, model=str(checkpoint_path())) if is_embedded else settings
