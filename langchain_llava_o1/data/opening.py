"""Opening a data set: which kind of file it is, and where its pictures are."""

import os
from pathlib import Path

from langchain_llava_o1.data.formats.benchmark_file import BenchmarkFile
from langchain_llava_o1.data.formats.conversation_file import ConversationFile
from langchain_llava_o1.data.formats.json_line import read_record
from langchain_llava_o1.data.formats.lines import read_lines
from langchain_llava_o1.data.formats.question_table import Columns, CsvTable, JsonTable
from langchain_llava_o1.data.picture_files.picture_files import open_picture_files
from langchain_llava_o1.data.problem import Location, Problem
from langchain_llava_o1.data.training_set import TrainingSet
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.pictures.policy import ImagePolicy

_JSON_ENDINGS = (".jsonl", ".json", ".ndjson")
_TABLE_ENDING = ".csv"
_BENCHMARK_ENDING = ".tsv"
REFUSALS_FILE = "refusals.jsonl"
"""Stands beside a set that `data annotate` made; it is no set."""


def open_training_set(
    path: str | Path,
    *,
    pictures: str | Path | None = None,
    columns: Columns | None = None,
    allow_benchmark: bool | None = False,
    image_policy: ImagePolicy | None = None,
) -> TrainingSet:
    """Open a data set. Its pictures are read when they are asked for.

    Args:
        path: JSON with one conversation or one row a line, or CSV; or a folder that holds one such file.
        pictures: What its paths are relative to: a folder, a zip, which stays packed, or the first part of a
            zip. By default the folder of the file.
        columns: What the columns of a table are called; the default ones if None.
        allow_benchmark: Whether a benchmark (TSV) may be opened, whose questions are not to be learned; None
            for no, where whoever asks cannot allow it.
        image_policy: Limits on pictures; the default ones if None.

    Raises:
        ConfigurationError: If there is no such file, its kind is unknown, or it is a benchmark.
    """
    file = _find_file(Path(path))
    files = open_picture_files(file.parent if pictures is None else Path(pictures), image_policy)
    ending = file.suffix.lower()
    try:
        if ending == _TABLE_ENDING:
            return CsvTable(file, files, columns or Columns())
        if ending == _BENCHMARK_ENDING:
            _check_allowed(file, is_allowed=allow_benchmark)
            return BenchmarkFile(file, files)
        if ending not in _JSON_ENDINGS:
            raise ConfigurationError(
                f"{file} is of no known kind. A set is {', '.join(_JSON_ENDINGS)} (an object a line) or "
                f"{_TABLE_ENDING}; a benchmark is {_BENCHMARK_ENDING}."
            )
        if columns is not None or _is_table(file):
            return JsonTable(file, files, columns or Columns())
        return ConversationFile(file, files)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read ({error.strerror}). Check the path.") from error


def open_evaluation_set(name: str | Path, *, columns: Columns | None = None) -> TrainingSet:
    """Open what a model is measured with: a benchmark, or any other set.

    Args:
        name: Path of a file, or the name of a benchmark that the field's runners have fetched, such as
            ``MMStar``: they keep it in ``$LMUData``, else in ``~/LMUData``.
        columns: What the columns of a table are called; the default ones if None.

    Raises:
        ConfigurationError: If there is no such file, or its kind is unknown.
    """
    path = Path(name)
    if not path.exists() and path.name == str(name):
        folder = Path(os.environ.get("LMUData") or Path.home() / "LMUData")  # noqa: SIM112 # so it is written
        fetched = folder / f"{name}{_BENCHMARK_ENDING}"
        path = fetched if fetched.is_file() else path
    return open_training_set(path, columns=columns, allow_benchmark=True)


def _find_file(path: Path) -> Path:
    if path.is_file():
        return path
    if not path.is_dir():
        raise ConfigurationError(
            f"There is no data set at {path}. Name its file, or the folder that holds it."
        )
    endings = (*_JSON_ENDINGS, _TABLE_ENDING)
    found = sorted(
        file for file in path.iterdir() if file.suffix.lower() in endings and file.name != REFUSALS_FILE
    )
    if len(found) != 1:
        names = ", ".join(file.name for file in found) or "none"
        raise ConfigurationError(
            f"The folder {path} should hold one file of a data set ({', '.join(endings)}); it holds {names}. "
            "Name the file."
        )
    return found[0]


def _check_allowed(path: Path, *, is_allowed: bool | None) -> None:
    if is_allowed:
        return
    way = "" if is_allowed is None else ", or allow it with allow_benchmark=True (--allow-benchmark)"
    raise ConfigurationError(
        f"{path} is a benchmark. A model that has learned its answers cannot be measured with it any more. "
        f"Use another set{way}."
    )


def _is_table(path: Path) -> bool:
    """Tell whether lines are rows of a table, by the first one that can be read."""
    for line in read_lines(path):
        record = read_record(line.text, Location(str(path), line.number))
        if not isinstance(record, Problem):
            columns = Columns()
            return "conversations" not in record and {columns.question, columns.answer} <= record.keys()
    return False
