"""The files that benchmarks are published as: tables in TSV, with pictures in base64."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from langchain_llava_o1.errors import ConfigurationError


@dataclass(frozen=True)
class PublishedFile:
    """A file of a benchmark, as VLMEvalKit publishes it.

    Attributes:
        name: What runners call it.
        url: Where it is published.
        md5: The digest of its content, in hexadecimal digits.
        benchmark: The benchmark that reads it by default; empty for one that an option chooses.
    """

    name: str
    url: str
    md5: str
    benchmark: str = ""

    @property
    def file_name(self) -> str:
        """What it is called in a folder."""
        return f"{self.name}.tsv"

    @property
    def fetch_command(self) -> str:
        """The command that fetches it."""
        return f"llava-o1 bench fetch {self.benchmark or self.name}"


_FOLDER = "https://opencompass.openxlab.space/utils"

PUBLISHED_FILES = {
    file.name: file
    for file in (
        PublishedFile(
            "MMStar", f"{_FOLDER}/VLMEval/MMStar.tsv", "e1ecd2140806c1b1bbf54b43372efb9e", "mmstar"
        ),
        PublishedFile(
            "MMBench_DEV_EN_V11",
            f"{_FOLDER}/benchmarks/MMBench/MMBench_DEV_EN_V11.tsv",
            "30c05be8f2f347a50be25aa067248184",
            "mmbench",
        ),
        PublishedFile("MMVet", f"{_FOLDER}/VLMEval/MMVet.tsv", "748aa6d4aa9d4de798306a63718455e3", "mmvet"),
        PublishedFile(
            "MathVista_MINI",
            f"{_FOLDER}/VLMEval/MathVista_MINI.tsv",
            "f199b98e178e5a2a20e7048f5dcb0464",
            "mathvista",
        ),
        PublishedFile(
            "AI2D_TEST_NO_MASK",
            f"{_FOLDER}/VLMEval/AI2D_TEST_NO_MASK.tsv",
            "fd8f463634d4fe9fbd23b876e8eea5be",
            "ai2d",
        ),
        PublishedFile("AI2D_TEST", f"{_FOLDER}/VLMEval/AI2D_TEST.tsv", "0f593e0d1c7df9a3d69bf1f947e71975"),
        PublishedFile(
            "HallusionBench",
            f"{_FOLDER}/VLMEval/HallusionBench.tsv",
            "0c23ac0dc9ef46832d7a24504f2a0c7c",
            "hallusion-bench",
        ),
    )
}
"""All of them, by name. Addresses and digests are those of VLMEvalKit's dataset classes (2026)."""


def find_published(name: str) -> PublishedFile:
    """Return a published file by its name, or by that of the benchmark that reads it.

    Raises:
        ConfigurationError: If there is none.
    """
    for file in PUBLISHED_FILES.values():
        if name in (file.name, file.benchmark) and name:
            return file
    benchmarks = [file.benchmark for file in PUBLISHED_FILES.values() if file.benchmark]
    raise ConfigurationError(
        f"There is no file of a benchmark {name!r}; there are {', '.join(benchmarks)}, "
        f"and by file {', '.join(PUBLISHED_FILES)}."
    )


def benchmark_folder(data: Path | None) -> Path:
    """Return where files of benchmarks are: the folder given, else ``$LMUData``, else ``~/LMUData``."""
    # The runners of the field share this folder, and write its variable so.
    return data or Path(os.environ.get("LMUData") or Path.home() / "LMUData")  # noqa: SIM112


def find_benchmark_file(file: PublishedFile, data: Path | None) -> Path:
    """Return the path of a benchmark's file.

    Raises:
        ConfigurationError: If it is not there.
    """
    path = benchmark_folder(data) / file.file_name
    if not path.is_file():
        where = f" --data {data}" if data else ""
        raise ConfigurationError(
            f"There is no {path}. Fetch it with `{file.fetch_command}{where}`, or name the folder that "
            "holds it with --data."
        )
    return path


def md5_of(path: Path) -> str:
    """Return the MD5 of a file in hexadecimal digits; no more than a part of it is in memory."""
    with path.open("rb") as opened:
        # It tells a damaged file from a whole one, and protects against nobody.
        return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
