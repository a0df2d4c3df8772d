"""Reads the first item of MMStar, the one in the middle and the last, in a process of its own.

Run as ``python -m tests.evaluation.large_file_reader FOLDER``. What it read goes to standard output as JSON,
with the most memory that the process ever had, in bytes: once all is imported, and at the end.
"""

import hashlib
import json
import resource
import sys
from pathlib import Path

from langchain_llava_o1.evaluation.benchmark import Resources, open_benchmark
from langchain_llava_o1.pictures.decoding import decode_file
from langchain_llava_o1.pictures.policy import ImagePolicy
from tests.evaluation.benchmark_files import draw


def peak_memory() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main(folder: Path) -> None:
    # Opening a small file imports what a large one needs.
    open_benchmark("mmstar", {}, Resources(folder / "small")).read_item(0)
    decode_file(draw(0), ImagePolicy())
    imported = peak_memory()
    benchmark = open_benchmark("mmstar", {}, Resources(folder))
    num_items = benchmark.num_items or 0
    items = []
    for number in (0, num_items // 2, num_items - 1):
        item = benchmark.read_item(number)
        (picture,) = item.pictures
        items.append({"id": item.id, "digest": hashlib.sha256(picture).hexdigest()})
    told = {"items": items, "num_items": num_items, "imported": imported, "peak": peak_memory()}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
