"""`llava-o1 bench accuracy`, killed while it answers: it goes on as if it never had been."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a signal of POSIX systems"),
]

NUM_ITEMS, CONCURRENCY = 24, 12
STRATEGIES = ("greedy", "single", "random", "majority-option", "text-only")
COMMAND = [
    *(sys.executable, "-m", "langchain_llava_o1.cli", "bench", "accuracy", "--model", "tiny"),
    *("--benchmark", "scenes", "--items", str(NUM_ITEMS), "--compare", "greedy,single", "--baselines"),
    *("--concurrency", str(CONCURRENCY), "--no-plot", "--json"),
]
SECONDS = 900
"""Only keeps a test from waiting without end."""


def finish(folder: Path) -> list[dict[str, Any]]:
    """Run to the end; the reports, without how long it took."""
    done = subprocess.run(
        [*COMMAND, "--out", str(folder)], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)["rows"]
    for row in rows:
        del row["seconds"]
    return rows


def kill_after(folder: Path, num_answers: int) -> None:
    """Run until so many answers are written, and kill it."""
    process = subprocess.Popen(
        [*COMMAND, "--out", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + SECONDS
        while len(answers_in(folder)) < num_answers:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.01)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL


def answers_in(folder: Path) -> list[bytes]:
    """Return the whole lines of answers that are written."""
    path = folder / "scenes" / "outcomes.jsonl"
    return path.read_bytes().split(b"\n")[1:-1] if path.exists() else []


def answers_by_item(folder: Path) -> dict[tuple[str, int], dict[str, Any]]:
    answers = [json.loads(line) for line in answers_in(folder)]
    return {
        (each["strategy"], each["number"]): {name: each[name] for name in each if name != "seconds"}
        for each in answers
    }


def table_of(folder: Path) -> str:
    """Return the table, without its last column, the seconds."""
    table = (folder / "comparison.md").read_text()
    return re.sub(r" [\d.]+ \|$", "", table, flags=re.MULTILINE)


def test_killed_it_comes_to_what_it_would_have_come_to(tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    # The greedy answers are there, and some of the sampled ones.
    kill_after(killed, NUM_ITEMS + NUM_ITEMS // 4)
    kept = answers_in(killed)
    assert len(kept) < len(STRATEGIES) * NUM_ITEMS
    reports = finish(killed)
    assert answers_in(killed)[: len(kept)] == kept

    assert reports == finish(whole)
    assert [row["strategy"] for row in reports] == list(STRATEGIES)
    assert table_of(killed) == table_of(whole)
    answers = answers_by_item(killed)
    assert answers == answers_by_item(whole)
    assert len(answers_in(killed)) == len(answers) == len(STRATEGIES) * NUM_ITEMS
    # An answer that was under way may have been given, and not been counted yet; its record is used.
    for strategy in ("greedy", "single", "text-only"):
        records = (killed / "scenes" / "records" / f"{strategy}-1.jsonl").read_bytes().splitlines()
        numbers = Counter(number for line in records if (number := number_of(line)) is not None)
        assert numbers == Counter(range(NUM_ITEMS))


def number_of(record: bytes) -> int | None:
    """Return the number of a record's item; None where its line was cut off."""
    try:
        return int(json.loads(record)["number"])
    except ValueError:
        return None
