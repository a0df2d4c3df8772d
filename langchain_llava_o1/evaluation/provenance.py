"""What the answers of a run came from: a server, a precision, a file of questions."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from langchain_core.language_models import BaseChatModel

from langchain_llava_o1.chat.local_engine import LocalEngineModel
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.evaluation.benchmark import Benchmark


@dataclass(frozen=True)
class Provenance:
    """What answers came from, beside the model and the settings.

    Attributes:
        base_url: Server of the model, without user, password and query; None where none was named.
        dtype: What a checkpoint computes in; None of a model that is served elsewhere.
        data_file: Name of the file that the questions were read from; None where there is none.
        data_md5: MD5 of that file.
    """

    base_url: str | None = None
    dtype: str | None = None
    data_file: str | None = None
    data_md5: str | None = None

    @classmethod
    def from_json(cls, heading: Mapping[str, Any]) -> "Provenance":
        """Read it from the heading of a run."""
        return cls(**{each.name: heading.get(each.name) for each in fields(cls)})

    def as_json(self) -> dict[str, str]:
        """Return what is known as plain JSON data."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def check_data(self, answers: Path, benchmark: Benchmark) -> None:
        """See that a benchmark reads the file that was asked; where none is known, any file will do.

        Args:
            answers: Folder of the answers.
            benchmark: What is read again.

        Raises:
            ConfigurationError: If it is another file.
            OSError: If the file cannot be read.
        """
        data = benchmark.data_file if self.data_md5 else None
        if data is not None and data.md5 != self.data_md5:
            raise ConfigurationError(
                f"The answers in {answers} are to a {data.name} with the MD5 {self.data_md5}; the file that "
                f"is there has {data.md5}. Name the folder of the other one with --data."
            )

    def __str__(self) -> str:
        """Say what is known, as in "bfloat16, MMStar.tsv (MD5 e1ecd2…)"; empty where nothing is."""
        server = f"server {self.base_url}" if self.base_url else None
        data = f"{self.data_file} (MD5 {self.data_md5})" if self.data_file else None
        return ", ".join(filter(None, (server, self.dtype, data)))


async def find_provenance(model: BaseChatModel, benchmark: Benchmark, base_url: str | None) -> Provenance:
    """Find out what a model's answers to a benchmark come from; weights need not be loaded for that.

    Args:
        model: The chat model that answers.
        benchmark: What is asked.
        base_url: Server of the model, where one was named.

    Raises:
        ModelLoadError: If the model is a checkpoint that cannot be found.
        OSError: If the benchmark's file cannot be read.
    """
    dtype = await model.afind_dtype() if isinstance(model, LocalEngineModel) else None
    # A file may have hundreds of megabytes.
    data = await asyncio.to_thread(lambda: benchmark.data_file)
    return Provenance(
        base_url=_without_secrets(base_url) if base_url else None,
        dtype=dtype,
        data_file=data.name if data else None,
        data_md5=data.md5 if data else None,
    )


def _without_secrets(url: str) -> str:
    """Leave out what may be a key: user and password before the host, and the query."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
