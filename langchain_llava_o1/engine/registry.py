"""The engines of this process: one for each set of loaded weights."""

import threading
from functools import partial
from weakref import WeakValueDictionary

from langchain_llava_o1.engine.engine import BoundedEngine, Engine
from langchain_llava_o1.engine.loading.checkpoint import load_checkpoint
from langchain_llava_o1.engine.loading.short_lived_thread import run_in_short_lived_thread
from langchain_llava_o1.engine.settings import CheckpointSettings, EngineSettings

# An engine is held by its thread until it is closed.
_engines: WeakValueDictionary[CheckpointSettings, Engine] = WeakValueDictionary()
_engine_locks: dict[CheckpointSettings, threading.Lock] = {}
_registry_lock = threading.Lock()


def load_engine(settings: EngineSettings) -> BoundedEngine:
    """Load weights once per process, however many threads and settings ask for them.

    Settings of equal weights share an engine. Each ``max_requests`` bounds the requests of those who have it,
    whatever others do. Of ``cache_bytes`` the largest wish counts, of ``num_threads`` the first.

    Raises:
        ModelLoadError: If they cannot be loaded; the next call tries again.
    """
    key = settings.checkpoint
    with _registry_lock:
        lock = _engine_locks.setdefault(key, threading.Lock())
    with lock:
        engine = _engines.get(key)
        if engine is None or engine.is_closed:
            engine = _engines[key] = run_in_short_lived_thread(partial(_start, settings))
        else:
            engine.enlarge_caches(settings.cache_bytes)
        return engine.bounded(settings.max_requests)


def _start(settings: EngineSettings) -> Engine:
    return Engine(
        load_checkpoint(settings.checkpoint),
        cache_bytes=settings.cache_bytes,
        num_threads=settings.num_threads,
    )
