"""One engine for each set of loaded weights."""

import gc
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from langchain_llava_o1.engine import registry
from langchain_llava_o1.engine.interface import EngineInterface
from langchain_llava_o1.engine.loading.checkpoint import load_checkpoint
from langchain_llava_o1.engine.registry import load_engine
from langchain_llava_o1.engine.request import Request, Sampling, Turn
from langchain_llava_o1.engine.settings import CheckpointSettings, EngineSettings
from langchain_llava_o1.errors import ModelLoadError, QueueFullError


def test_one_engine_per_settings(random_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []

    def load_slowly(settings: CheckpointSettings) -> Any:
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


def test_limits_are_kept_apart_on_weights_that_are_loaded_once(
    random_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = []

    def load_and_note(settings: CheckpointSettings) -> Any:
        loads.append(settings)
        return load_checkpoint(settings)

    monkeypatch.setattr(registry, "load_checkpoint", load_and_note)
    source = str(random_checkpoint)
    few = load_engine(EngineSettings(source, device="cpu", revision="shared", max_requests=2, cache_bytes=0))
    many = load_engine(EngineSettings(source, device="cpu", revision="shared", max_requests=3))
    also_few = load_engine(EngineSettings(source, device="cpu", revision="shared", max_requests=2))
    request = Request((Turn("user", ("How many?",)),), Sampling(max_tokens=16))
    under_way = [engine.generate(request) for engine in (few, many, many, also_few)]
    first = [next(deltas) for deltas in under_way]

    with pytest.raises(QueueFullError, match="max_requests=2"):
        next(few.generate(request))
    last = many.generate(request)
    next(last)
    with pytest.raises(QueueFullError, match="max_requests=3"):
        next(many.generate(request))
    few.close()

    assert len(loads) == 1
    assert len({delta.text for delta in first}) == 1
    assert many.is_closed


def test_the_largest_wish_for_caches_counts(random_checkpoint: Path) -> None:
    def num_read_again(engine: EngineInterface) -> int:
        before = engine.statistics
        for _ in range(2):
            list(engine.generate(Request((Turn("user", ("How many?",)),), Sampling(max_tokens=1))))
        return engine.statistics.since(before).num_read

    settings = EngineSettings(str(random_checkpoint), device="cpu", revision="caches", cache_bytes=0)
    engine = load_engine(settings)
    num_without = num_read_again(engine)
    load_engine(replace(settings, cache_bytes=2**24))
    load_engine(settings)
    num_with = num_read_again(engine)
    engine.close()

    # The prompt is read once, and the second time its last token alone.
    assert num_without == (num_with - 1) * 2


def test_a_closed_engine_is_let_go(random_checkpoint: Path) -> None:
    engine = load_engine(EngineSettings(str(random_checkpoint), device="cpu", revision="closed"))
    closed = weakref.ref(engine)
    engine.close()
    del engine
    gc.collect()
    assert closed() is None


def test_the_thread_that_loads_does_not_stay(random_checkpoint: Path) -> None:
    before = threading.active_count()
    engine = load_engine(EngineSettings(str(random_checkpoint), device="cpu", revision="thread"))
    assert threading.active_count() == before + 1
    engine.close()


def test_a_failed_load_is_tried_again(tmp_path: Path, random_checkpoint: Path) -> None:
    settings = EngineSettings(str(tmp_path / "later"), device="cpu")
    with pytest.raises(ModelLoadError):
        load_engine(settings)
    (tmp_path / "later").symlink_to(random_checkpoint)
    load_engine(settings).close()
