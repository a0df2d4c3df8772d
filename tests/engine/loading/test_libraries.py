import os
import subprocess
import sys

import pytest


@pytest.mark.long
@pytest.mark.parametrize("is_told", [True, False])
def test_told_to_full_collections_pass_over_the_libraries_and_free_the_weights(is_told: bool) -> None:
    program = (
        "import gc, weakref\n"
        "from langchain_llava_o1.engine.loading.checkpoint import load_checkpoint\n"
        "from langchain_llava_o1.engine.settings import EngineSettings\n"
        "from langchain_llava_o1.tiny import checkpoint_path\n"
        "checkpoint = load_checkpoint(EngineSettings(model=str(checkpoint_path())))\n"
        "model = weakref.ref(checkpoint.model)\n"
        "num_objects = len(gc.get_objects())\n"
        "del checkpoint\n"
        "gc.collect()\n"
        "print(num_objects, model() is None)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "LLAVA_O1_FREEZE_LIBRARIES": str(is_told).lower()},
        capture_output=True,
        text=True,
        check=True,
    )
    num_objects, is_freed = done.stdout.split()
    # The libraries have some 400,000.
    assert (int(num_objects) < 100_000) == is_told
    assert is_freed == "True"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the import itself opens all libraries")
def test_torch_is_opened_before_it_is_imported() -> None:
    program = (
        "import sys\n"
        "from langchain_llava_o1.engine.loading import libraries\n"
        "class Watcher:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        # The first of its parts that torch imports: it has opened no library itself.\n"
        "        if name.startswith('torch.'):\n"
        "            sys.meta_path.remove(self)\n"
        "            print('libtorch_cpu.so' in open('/proc/self/maps').read())\n"
        "sys.meta_path.insert(0, Watcher())\n"
        "libraries.import_libraries()\n"
        "import torch\n"
        "print(float(torch.ones(3) @ torch.ones(3)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "3.0"]


@pytest.mark.long
@pytest.mark.parametrize(
    "program",
    [
        "from langchain_llava_o1 import ChatLlavaO1\nChatLlavaO1(max_tokens=1).invoke('Hello')\n",
        "from langchain_llava_o1.engine.loading.placement import place\n"
        "from langchain_llava_o1.engine.settings import EngineSettings\n"
        "from langchain_llava_o1.engine.loading.libraries import import_libraries\n"
        "import_libraries()\n"
        "settings = EngineSettings(model='any', device='cpu', dtype='float32', quantization='8bit')\n"
        "place(settings.checkpoint, None)\n",
        "from langchain_llava_o1 import *\n",
        "import langchain_llava_o1.training.sft\n",
        "import langchain_llava_o1.training.dpo\n",
    ],
    ids=["a model", "a quantized one", "all public names", "training on answers", "training on pairs"],
)
def test_nothing_is_printed_of_kernels_that_nobody_asked_for(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout == ""


def test_a_program_that_wants_the_libraries_messages_keeps_them() -> None:
    program = (
        "import logging\n"
        "from langchain_llava_o1.engine.loading.libraries import needless_warnings_hidden\n"
        "logger = logging.getLogger('torchao')\n"
        "with needless_warnings_hidden():\n"
        "    print(logger.isEnabledFor(logging.WARNING))\n"
        "print(logger.isEnabledFor(logging.WARNING))\n"
        "logger.setLevel(logging.WARNING)\n"
        "with needless_warnings_hidden():\n"
        "    print(logger.isEnabledFor(logging.WARNING))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True"]
