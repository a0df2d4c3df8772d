"""A benchmark's file of 500 MB takes the memory of a few of its rows."""

import base64
import csv
import hashlib
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.evaluation.benchmark_files import draw, mmstar_rows, write_published

ROOT = Path(__file__).parents[2]
NUM_ROWS = 76
BYTES_OF_A_PICTURE = 5_000_000
MOST_MEMORY = 150_000_000
"""Beside what imports take; reading a row of 7 MB takes about 30 MB."""
NEEDED_SPACE = 600_000_000

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform == "win32", reason="a process knows its peak memory on POSIX systems"),
]


def draw_large(number: int) -> bytes:
    """Draw the picture of a number, in a file made large by a chunk that is no part of the picture."""
    padding = PngInfo()
    padding.add(b"paDd", bytes(BYTES_OF_A_PICTURE))
    file = io.BytesIO()
    with Image.open(io.BytesIO(draw(number))) as picture:
        picture.save(file, "PNG", pnginfo=padding)
    return file.getvalue()


def write_large(path: Path) -> None:
    shared = mmstar_rows()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(shared[0]), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        for number in range(NUM_ROWS):
            image = base64.b64encode(draw_large(number)).decode()
            writer.writerow({**shared[number % len(shared)], "index": str(number), "image": image})


def test_a_file_of_500_mb_is_read_row_by_row(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    if free < NEEDED_SPACE:
        pytest.skip(f"needs {NEEDED_SPACE:,} bytes of disk space in {tmp_path}; {free:,} are free")
    write_published(tmp_path / "small", "mmstar")
    path = tmp_path / "MMStar.tsv"
    try:
        write_large(path)
        assert path.stat().st_size > 500_000_000
        done = subprocess.run(
            [sys.executable, "-m", "tests.evaluation.large_file_reader", str(tmp_path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
    finally:
        path.unlink(missing_ok=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["num_items"] == NUM_ROWS
    assert told["items"] == [
        {"id": str(number), "digest": hashlib.sha256(draw_large(number)).hexdigest()}
        for number in (0, NUM_ROWS // 2, NUM_ROWS - 1)
    ]
    assert told["peak"] - told["imported"] < MOST_MEMORY, told
