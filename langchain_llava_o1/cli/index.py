"""`llava-o1 index`: bring a collection up to date with a folder of pictures and texts."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from langchain_llava_o1.cli import answering
from langchain_llava_o1.cli.answering import AnswerSettings, run_until_interrupted
from langchain_llava_o1.cli.options import DebugOption, ModelOption
from langchain_llava_o1.cli.output import write_error, write_output
from langchain_llava_o1.pictures.policy import ImagePolicy

if TYPE_CHECKING:
    from langchain_llava_o1.rag.folder import LeftOut
    from langchain_llava_o1.rag.indexing import IndexProgress, IndexReport


def index(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="Holds pictures, PDF files and texts (.txt, .md), also below it."
        ),
    ],
    collection: Annotated[
        Path,
        typer.Option(
            "--collection", metavar="PATH", help="Folder of the collection; begun if there is none."
        ),
    ],
    model: ModelOption = None,
    embeddings: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="For text: 'hashing', which needs nothing and is the default of a new collection, or a "
            "provider and model as in 'openai:text-embedding-3-small'.",
            show_default=False,
        ),
    ] = None,
    has_picture_embeddings: Annotated[
        bool,
        typer.Option(
            "--picture-embeddings/--no-picture-embeddings",
            help="Whether pictures of a new collection can be searched by a picture.",
        ),
    ] = True,
    batch_size: Annotated[
        int, typer.Option("--batch", min=1, help="Files that are described together and then kept.")
    ] = 16,
    max_pages: Annotated[
        int, typer.Option(min=1, help="Most pages of a PDF file; each page is described as a picture.")
    ] = ImagePolicy.max_pdf_pages,
    allow_empty: Annotated[
        bool,
        typer.Option(
            "--allow-empty",
            help="Remove all files of a FOLDER from the collection if it is empty now, or gone.",
        ),
    ] = False,
    is_json: Annotated[bool, typer.Option("--json", help="Print the report as one object.")] = False,
    is_debug: DebugOption = False,
) -> None:
    """Index a FOLDER of pictures and texts.

    Pictures are described by the model; only what is new or has changed costs anything.
    """
    from langchain_llava_o1.rag.collection import is_collection, open_collection
    from langchain_llava_o1.rag.indexing import index_folder
    from langchain_llava_o1.rag.vision_tower_embeddings import VisionTowerEmbeddings

    captioner = answering.create_model(AnswerSettings(model))
    is_embedding_pictures = has_picture_embeddings and not is_collection(collection)
    opened = open_collection(
        collection,
        embeddings=embeddings,
        picture_embeddings=VisionTowerEmbeddings(captioner) if is_embedding_pictures else None,
    )
    with _show_progress() as show:
        report = run_until_interrupted(
            asyncio.to_thread(
                index_folder,
                folder,
                opened,
                captioner,
                batch_size=batch_size,
                image_policy=ImagePolicy(max_pdf_pages=max_pages),
                allow_empty=allow_empty,
                report=show,
            )
        )
    for failed in report.failed:
        write_error(f"llava-o1: warning: {failed.source} is not indexed: {failed.reason}")
    _say_left_out(report.left_out)
    write_output(json.dumps(asdict(report)) + "\n" if is_json else _summarize(report))


class _Show(Protocol):
    def __call__(self, progress: "IndexProgress") -> None: ...


@contextmanager
def _show_progress() -> Iterator[_Show]:
    """Draw a bar on a terminal; write a line per batch elsewhere."""
    if sys.stderr is not None and sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        if not console.is_dumb_terminal:
            columns = (TextColumn("indexing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            with Progress(*columns, console=console, transient=True, redirect_stdout=False) as bar:
                task = bar.add_task("indexing", total=None)
                yield lambda progress: bar.update(task, total=progress.num_files, completed=progress.num_done)
            return
    yield _write_progress


def _write_progress(progress: "IndexProgress") -> None:
    if progress.num_done:
        write_error(f"{progress.num_done} of {progress.num_files} files indexed")


def _say_left_out(left_out: "tuple[LeftOut, ...]") -> None:
    for reason, number in Counter(each.reason for each in left_out).items():
        files = "1 file is" if number == 1 else f"{number} files are"
        write_error(f"llava-o1: {files} left out: {reason}")


def _summarize(report: "IndexReport") -> str:
    counts = {
        "added": len(report.added),
        "changed": len(report.changed),
        "unchanged": len(report.unchanged),
        "removed": len(report.removed),
        "failed": len(report.failed),
    }
    written = f"{report.num_captions} caption{'' if report.num_captions == 1 else 's'} written"
    return ", ".join(f"{number} {name}" for name, number in counts.items()) + f"; {written}\n"
