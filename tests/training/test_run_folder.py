"""The folder of a run, as several processes begin it at once."""

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain_llava_o1.training.run_folder import RunFolder

NUM_PROCESSES = 6
NUM_STARTS = 40


def begin_many(parent: Path, barrier: Any, failures: Any) -> None:
    for number in range(NUM_STARTS):
        barrier.wait()
        try:
            folder = RunFolder(parent / str(number))
            folder.begin({"rate": 1})
            # What the first process does next, while others may still begin.
            folder.cut_log(0)
        except Exception as error:
            failures.put(repr(error))


def test_processes_that_begin_one_run_at_once_all_do(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier, failures = context.Barrier(NUM_PROCESSES), context.Queue()
    target: Callable[..., None] = begin_many
    processes = [
        context.Process(target=target, args=(tmp_path, barrier, failures)) for _ in range(NUM_PROCESSES)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * NUM_PROCESSES
    assert failures.empty(), failures.get()
    assert not list(tmp_path.rglob("*.unfinished"))


def test_what_another_process_is_about_to_write_is_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "training_settings.json.1.unfinished").touch()
    RunFolder(tmp_path / "run").begin({"rate": 1})
