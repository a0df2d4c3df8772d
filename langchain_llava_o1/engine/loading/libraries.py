"""Importing the model libraries without stopping the other threads, such as a server's event loop."""

import ctypes
import functools
import gc
import importlib.util
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from langchain_llava_o1.engine.loading.short_lived_thread import run_in_short_lived_thread

TORCHAO_LOGGERS = ("torchao", "torch.utils._pytree")
"""Where torchao's import says what it misses."""


@functools.cache
def import_libraries() -> None:
    """Import torch and transformers, past the garbage collector.

    They make some 300,000 objects that stay. A full collection walks through all of them, and stops every
    thread meanwhile: for a third of a second, every few questions. Where ``LLAVA_O1_FREEZE_LIBRARIES`` is
    ``true``, as in langgraph.json, later collections pass over them. It is not so by default, because they
    pass over everything else that is alive by now, too: a program's own data. Weights come later, and go when
    nobody uses them any more.
    """
    is_freezing = os.environ.get("LLAVA_O1_FREEZE_LIBRARIES") == "true"
    was_enabled = gc.isenabled()
    if is_freezing:
        # What is garbage by now would stay as well. The oldest is let be: a full collection takes too long.
        gc.collect(1)
    gc.disable()
    try:
        # Tracebacks of failures that the libraries catch stay, too. On a stack of their own they hold no
        # frame of ours, which would hold the weights.
        run_in_short_lived_thread(_import)
    finally:
        if was_enabled:
            gc.enable()
    if is_freezing:
        gc.freeze()


def _import() -> None:
    _open_torch()
    with needless_warnings_hidden():
        from transformers import AutoConfig, AutoProcessor, MllamaForConditionalGeneration  # noqa: F401


@contextmanager
def needless_warnings_hidden() -> Iterator[None]:
    """Keep torchao, which transformers imports where it is installed, silent about kernels that it misses.

    A level that the program has set for its messages stays.
    """
    loggers = [logging.getLogger(name) for name in TORCHAO_LOGGERS]
    hidden = [logger for logger in loggers if logger.level == logging.NOTSET]
    for logger in hidden:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger in hidden:
            logger.setLevel(logging.NOTSET)


def _open_torch() -> None:
    """Open torch's largest library, several hundred MB, while other threads run.

    ``import torch`` opens the same files in the same order, but holds the interpreter's lock meanwhile, for a
    quarter of a second. Where this fails, the import says why.
    """
    if "torch" in sys.modules or sys.platform != "linux":
        return
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None:
        return
    folder = Path(found.origin).parent / "lib"
    # A call of a C function by ctypes lets the lock go; opening a library by ctypes itself does not.
    open_library = ctypes.CDLL(None).dlopen
    open_library.restype = ctypes.c_void_p
    for name, mode in (("libtorch_global_deps.so", os.RTLD_GLOBAL), ("libtorch_cpu.so", os.RTLD_LOCAL)):
        open_library(os.fsencode(folder / name), os.RTLD_NOW | mode)
