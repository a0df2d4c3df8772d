"""The engines of this process: one for each way of loading a checkpoint."""

import threading
from functools import partial
from weakref import WeakValueDictionary

from langchain_llava_o1.engine.engine import Engine
from langchain_llava_o1.engine.loading.checkpoint import EngineSettings, load_checkpoint
from langchain_llava_o1.engine.loading.short_lived_thread import run_in_short_lived_thread

# An engine is held by its thread until it is closed.
_engines: WeakValueDictionary[EngineSettings, Engine] = WeakValueDictionary()
_engine_locks: dict[EngineSettings, threading.Lock] = {}
_registry_lock = threading.Lock()


def load_engine(settings: EngineSettings) -> Engine:
    """Load a checkpoint once per process and settings, however many threads ask for it.

    Raises:
        ModelLoadError: If it cannot be loaded; the next call tries again.
    """
    with _registry_lock:
        lock = _engine_locks.setdefault(settings, threading.Lock())
    with lock:
        engine = _engines.get(settings)
        if engine is None or engine.is_closed:
            engine = _engines[settings] = run_in_short_lived_thread(partial(_start, settings))
        return engine


def _start(settings: EngineSettings) -> Engine:
    return Engine(
        load_checkpoint(settings), cache_bytes=settings.cache_bytes, max_requests=settings.max_requests
    )
