"""Options that several commands about training sets share, and opening the sets that they name."""

from pathlib import Path
from typing import Annotated

import typer

from langchain_llava_o1.cli.failures import checking_usage
from langchain_llava_o1.cli.output import write_error
from langchain_llava_o1.data.formats.question_table import Columns
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.data.training_set import TrainingSet

_LINES_PER_REPORT = 5000

SetArgument = Annotated[
    Path,
    typer.Argument(
        metavar="SET",
        help="JSON with one conversation or row a line, or CSV; or the folder of one such file.",
        show_default=False,
    ),
]
PicturesOption = Annotated[
    Path | None,
    typer.Option(
        "--pictures",
        metavar="PATH",
        help="What paths of pictures are relative to: a folder, a zip or its first part. "
        "Default: the folder of SET.",
        show_default=False,
    ),
]
ColumnsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="NAME=COLUMN",
        help="Of a table: which column is image, question, answer or id; may be repeated. Default: the one "
        "of that name.",
        show_default=False,
    ),
]
AllowBenchmarkOption = Annotated[
    bool, typer.Option("--allow-benchmark", help="Take a benchmark (TSV) as SET, which is refused otherwise.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the report as one object.")]
DecodeOption = Annotated[
    bool,
    typer.Option(
        "--decode/--no-decode",
        help="Whether pictures are decoded and compared by their pixels, or only looked for, which is fast.",
    ),
]


def open_set(
    path: Path,
    pictures: Path | None = None,
    columns: list[str] | None = None,
    *,
    allow_benchmark: bool | None = None,
) -> TrainingSet:
    """Open the set that the options name.

    Args:
        path: The set.
        pictures: ``--pictures``.
        columns: ``--column``.
        allow_benchmark: ``--allow-benchmark``; None where a command has no such option.

    Raises:
        typer.BadParameter: If a column is not written as one.
        BadUsageError: If there is no such set, or it is a benchmark.
    """
    with checking_usage():
        return open_training_set(
            path, pictures=pictures, columns=read_columns(columns), allow_benchmark=allow_benchmark
        )


def read_columns(given: list[str] | None) -> Columns | None:
    """Read ``--column`` options; None where there are none."""
    if not given:
        return None
    fields = {"image": "picture", "question": "question", "answer": "answer", "id": "id"}
    named: dict[str, str] = {}
    for text in given:
        name, equals, column = text.partition("=")
        if name.strip() not in fields or not (equals and column.strip()):
            raise typer.BadParameter(
                f"{text!r} names no column; write {', '.join(fields)} and its column, as in question=prompt.",
                param_hint="--column",
            )
        named[fields[name.strip()]] = column.strip()
    return Columns(**named)


def count_lines(number: int) -> None:
    """Say on standard error how far a long command is."""
    if number % _LINES_PER_REPORT == 0:
        write_error(f"{number:,} lines done")
