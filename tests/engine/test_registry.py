"""One engine for each way of loading a checkpoint."""

import gc
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from langchain_llava_o1.engine import registry
from langchain_llava_o1.engine.loading.checkpoint import EngineSettings, load_checkpoint
from langchain_llava_o1.engine.registry import load_engine
from langchain_llava_o1.errors import ModelLoadError


def test_one_engine_per_settings(random_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []

    def load_slowly(settings: EngineSettings) -> Any:
        loads.append(settings)
        time.sleep(0.05)
        return load_checkpoint(settings)

    monkeypatch.setattr(registry, "load_checkpoint", load_slowly)
    settings = EngineSettings(str(random_checkpoint), device="cpu", dtype="bfloat16")
    with ThreadPoolExecutor(4) as pool:
        engines = list(pool.map(load_engine, [settings] * 4))
    assert len(set(map(id, engines))) == 1
    assert len(loads) == 1
    engines[0].close()
    replacement = load_engine(settings)
    assert replacement is not engines[0]
    replacement.close()


def test_a_closed_engine_is_let_go(random_checkpoint: Path) -> None:
    engine = load_engine(EngineSettings(str(random_checkpoint), device="cpu", cache_bytes=0))
    closed = weakref.ref(engine)
    engine.close()
    del engine
    gc.collect()
    assert closed() is None


def test_the_thread_that_loads_does_not_stay(random_checkpoint: Path) -> None:
    before = threading.active_count()
    engine = load_engine(EngineSettings(str(random_checkpoint), device="cpu", cache_bytes=1))
    assert threading.active_count() == before + 1
    engine.close()


def test_a_failed_load_is_tried_again(tmp_path: Path, random_checkpoint: Path) -> None:
    settings = EngineSettings(str(tmp_path / "later"), device="cpu")
    with pytest.raises(ModelLoadError):
        load_engine(settings)
    (tmp_path / "later").symlink_to(random_checkpoint)
    load_engine(settings).close()
